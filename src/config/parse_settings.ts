/**
 * Raw values to `Settings`: the last value or the default of each option, the options that this release or
 * the platform refuses, and what options mean together. It asks nothing of the machine: files, users and hosts are
 * still text afterwards.
 */

import { UsageError } from "../errors.ts";
import { isSameAddress } from "./address.ts";
import { certificateSettings } from "./certificate_settings.ts";
import { logSettings } from "./log_settings.ts";
import type { NameOfKind, Option, OptionName } from "./options.ts";
import { optionNamed, OPTIONS } from "./options.ts";
import { quote } from "./quote.ts";
import type { RawValues } from "./raw_values.ts";
import { allValues, isDefault, lastValue, parseValue } from "./raw_values.ts";
import type {
  PrefaceKind,
  Settings,
  TcpAddress,
  TlsLibraryName,
  TlsProtocol,
  UnixAddress,
} from "./settings.ts";
import { TLS_PROTOCOLS } from "./settings.ts";
import { chooseTlsLibrary } from "./tls_library.ts";

/**
 * Settles what the operator asked for, on a platform with these TLS engines.
 *
 * @throws UsageError for a text its option cannot take, a refused option, and options that exclude each
 * other
 */
export function parseSettings(
  values: RawValues,
  libraries: readonly TlsLibraryName[],
): Settings {
  OPTIONS.forEach((option) => refuse(option, values, libraries));
  const flag = (name: NameOfKind<"flag">) => lastValue(name, values) as boolean;
  const number = (name: NameOfKind<"number" | "seconds">) => lastValue(name, values) as number;
  const text = (name: NameOfKind<"text">) => lastValue(name, values) as string | undefined;
  const choice = (name: NameOfKind<"choice">) => lastValue(name, values) as string;
  const groups = text("ecdh-curve");
  return {
    frontends: frontends(values),
    frontendsGiven:
      values.get("frontend")?.some((raw) => !isDefault(optionNamed("frontend"), raw)) ?? false,
    backend: lastValue("backend", values) as TcpAddress | UnixAddress,
    ...certificateSettings(values),
    tlsLibrary: chooseTlsLibrary(values, libraries),
    tlsProtocols: tlsProtocols(values),
    ciphers: text("ciphers"),
    ciphersuites: text("ciphersuites"),
    groups: groups === "auto" ? undefined : groups,
    preferServerCiphers: flag("prefer-server-ciphers"),
    sslEngine: text("ssl-engine"),
    alpnProtocols: (lastValue("alpn-protos", values) ?? []) as readonly string[],
    sniNomatchAbort: flag("sni-nomatch-abort"),
    ocspDir: text("ocsp-dir")!,
    ticketSecret: text("ticket-secret"),
    sharedCache: number("shared-cache"),
    steerByClient: flag("steer-by-client"),
    workers: lastValue("workers", values) as number | "auto",
    backlog: number("backlog"),
    keepalive: number("keepalive"),
    preface: preface(values),
    chroot: text("chroot"),
    user: text("user"),
    group: text("group"),
    ...logSettings(values, libraries),
    pidFile: text("pidfile"),
    listenReport: text("dbg-listen"),
    syslogFacility: choice("syslog-facility"),
    handshakeTimeout: number("ssl-handshake-timeout"),
    backendConnectTimeout: number("backend-connect-timeout"),
    drainTimeout: number("drain-timeout"),
    lingerTimeout: number("linger-timeout"),
    stallTimeout: number("stall-timeout"),
  };
}

/** A refused option may still be set to its default; scripts and `--default-config` of stud do. */
function refuse(
  option: Option<OptionName>,
  values: RawValues,
  libraries: readonly TlsLibraryName[],
): void {
  const raw = values.get(option.name)?.at(-1);
  if (raw === undefined) return;
  const value = parseValue(option, raw);
  const word = value === true ? "on" : value === false ? "off" : String(value);
  const reason = option.refusedValues?.[word] ??
    (isDefault(option, raw) ? undefined : option.refusal ?? notHere(option, libraries));
  if (reason === undefined) return;
  const shown = option.type.kind === "flag" ? "" : `${quote(raw.text)}: `;
  throw new UsageError(`${raw.origin}: ${shown}${reason}`);
}

/** The engine tells the platform. */
function notHere({ notOn }: Option, libraries: readonly TlsLibraryName[]): string | undefined {
  return libraries.includes("node") ? notOn?.node : undefined;
}

function frontends(values: RawValues): TcpAddress[] {
  const addresses = allValues("frontend", values) as TcpAddress[];
  addresses.forEach((one, index) => {
    if (addresses.slice(0, index).some((other) => isSameAddress(one, other))) {
      const raw = values.get("frontend")![index]!;
      throw new UsageError(`${raw.origin}: ${quote(raw.text)}: the same frontend is given twice`);
    }
  });
  return addresses;
}

/** `--ssl` is every version, which an explicit list of others contradicts. */
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

function preface(values: RawValues): PrefaceKind {
  const given = (["write-ip", "write-proxy", "write-proxy-v1"] as const)
    .filter((name) => lastValue(name, values));
  const [first, second] = given;
  if (first && second) {
    const [one, other] = [first, second].map((name) => values.get(name)!.at(-1)!.origin);
    throw new UsageError(`${one} and ${other} exclude each other; give one`);
  }
  if (first === undefined) return "none";
  return first === "write-ip" ? "ip" : "proxy-v1";
}
