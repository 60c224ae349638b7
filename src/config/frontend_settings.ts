/**
 * The frontends: their addresses, and which general settings their blocks in the configuration file override, or
 * certificates after their addresses. No name is looked up.
 */

import { UsageError } from "../errors.ts";
import { isSameAddress } from "./address.ts";
import { ownPemFiles } from "./certificate_settings.ts";
import { ALLOW_OPTIONS } from "./client_settings.ts";
import { type OptionName, optionNamed } from "./options.ts";
import { quote } from "../wire/escape.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { allValues, lastValue } from "./raw_values.ts";
import { givenGroups } from "./setting_groups.ts";
import type { FrontendSettings, FrontendTls, TcpAddress, TlsSettings } from "./settings.ts";
import { tlsSettings } from "./tls_settings.ts";

/**
 * The settings of every frontend, in the order given.
 *
 * @param general the settings that a frontend does not override
 * @throws UsageError for duplicate addresses, and for what `tlsSettings` refuses
 */
export function frontendSettings(values: RawValues, general: TlsSettings): FrontendSettings[] {
  const raws = values.get("frontend");
  const addresses = allValues("frontend", values) as TcpAddress[];
  return addresses.map((address, index) => {
    const raw = raws?.[index];
    if (raw && addresses.slice(0, index).some((other) => isSameAddress(address, other))) {
      throw new UsageError(`${raw.origin}: ${quote(raw.text)}: the same frontend is given twice`);
    }
    const limits = raw?.frontend && givenGroups(raw.frontend).limits;
    return {
      address,
      tls: raw && frontendTls(raw, values, general),
      ...limits && { limits },
    };
  });
}

/** Undefined if the frontend overrides nothing. */
function frontendTls(
  raw: RawValue,
  values: RawValues,
  general: TlsSettings,
): FrontendTls | undefined {
  const pemFiles = ownPemFiles(raw);
  const own = new Map([...raw.frontend ?? []].filter(([name]) => !isLimit(name)));
  if (pemFiles.length > 0) own.set("pem-file", pemFiles);
  if (own.size === 0) return undefined;
  // Alternative options for one setting: if the block sets one of them, all general ones are ignored.
  const replaced: OptionName[] = [VERSIONS, ALLOW_OPTIONS]
    .flatMap((names) => names.some((name) => own.has(name)) ? names : []);
  const inherited = [...values].filter(([name]) => !replaced.includes(name));
  const tls = tlsSettings(new Map([...inherited, ...own]));
  return {
    ...tls,
    pemFiles: pemFiles.length > 0 ? tls.pemFiles : general.pemFiles,
    matchGlobalCerts: lastValue("match-global-certs", own) as boolean,
  };
}

function isLimit(name: OptionName): boolean {
  return optionNamed(name).sets?.[0] === "limits";
}

const VERSIONS: readonly OptionName[] = ["tls-protos", "tls", "ssl"];
