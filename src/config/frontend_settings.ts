/**
 * The frontends: their addresses, and what those with a block in the configuration file, or with a
 * certificate behind their address, do otherwise than in general. No name is looked up.
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
 * Settles every frontend, in the order given.
 *
 * @param general what holds where a frontend says nothing else
 * @throws UsageError for the same address twice, and for what `tlsSettings` refuses
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

/** Undefined if it is all as in general. */
function frontendTls(
  raw: RawValue,
  values: RawValues,
  general: TlsSettings,
): FrontendTls | undefined {
  const pemFiles = ownPemFiles(raw);
  const own = new Map([...raw.frontend ?? []].filter(([name]) => !isLimit(name)));
  if (pemFiles.length > 0) own.set("pem-file", pemFiles);
  if (own.size === 0) return undefined;
  // Several ways to say the same: whichever the block takes, the general ones say nothing any more.
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
