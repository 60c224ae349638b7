/** TLS versions, ciphers and certificates, in general or on one frontend. */

import { UsageError } from "../errors.ts";
import { pemFileSetting } from "./certificate_settings.ts";
import { allowedClients } from "./client_settings.ts";
import { optionNamed } from "./options.ts";
import type { RawValues } from "./raw_values.ts";
import { isDefault, lastValue } from "./raw_values.ts";
import { settledGroups } from "./setting_groups.ts";
import type { TlsProtocol, TlsSettings } from "./settings.ts";
import { TLS_PROTOCOLS } from "./settings.ts";

/**
 * The TLS settings from these values and the table's defaults.
 *
 * @throws UsageError for options that exclude each other, or that need another one
 */
export function tlsSettings(values: RawValues): TlsSettings {
  const { engine, clients } = settledGroups(values);
  return {
    pemFiles: (values.get("pem-file") ?? []).map(pemFileSetting),
    engine: { ...engine, protocols: tlsProtocols(values), groups: opensslGroups(engine.groups) },
    clients: { ...clients, allowed: allowedClients(values) },
  };
}

/** `--ssl` means every version, which contradicts an explicit list of others. */
function tlsProtocols(values: RawValues): readonly TlsProtocol[] {
  const listed = values.get("tls-protos")?.at(-1);
  if (lastValue("ssl", values) !== true) {
    return lastValue("tls-protos", values) as readonly TlsProtocol[];
  }
  if (listed !== undefined && !isDefault(optionNamed("tls-protos"), listed)) {
    const ssl = values.get("ssl")!.at(-1)!;
    throw new UsageError(`${ssl.origin} and ${listed.origin} exclude each other; give one`);
  }
  return TLS_PROTOCOLS;
}

/** OpenSSL ignores upper and lower case in the names of other groups, but not in these. */
function opensslGroups(groups: string | undefined): string | undefined {
  if (groups?.toLowerCase() === "auto") return undefined;
  return groups?.replace(/\bp-(?=(?:256|384|521)\b)/g, "P-");
}
