/**
 * Raw values to `Settings`: the last value or the default of each option, the options that this release
 * refuses, and what options mean together. It asks nothing of the machine: files, users and hosts are
 * still text afterwards.
 */

import { UsageError } from "../errors.ts";
import { isSameAddress } from "./address.ts";
import type { NameOfKind, Option, OptionName } from "./options.ts";
import { optionNamed, OPTIONS } from "./options.ts";
import { quote } from "./quote.ts";
import type { RawValue, RawValues, Value } from "./raw_values.ts";
import { parseValue } from "./raw_values.ts";
import type { PrefaceKind, Settings, TcpAddress, TlsLibrary, UnixAddress } from "./settings.ts";

/**
 * Settles what the operator asked for.
 *
 * @throws UsageError for a text its option cannot take, a refused option, and options that exclude each
 * other
 */
export function parseSettings(values: RawValues): Settings {
  OPTIONS.forEach((option) => refuse(option, values));
  const flag = (name: NameOfKind<"flag">) => lastValue(name, values) as boolean;
  const number = (name: NameOfKind<"number" | "seconds">) => lastValue(name, values) as number;
  const text = (name: NameOfKind<"text" | "certificate-name">) =>
    lastValue(name, values) as string | undefined;
  const choice = (name: NameOfKind<"choice">) => lastValue(name, values) as string;
  return {
    frontends: frontends(values),
    backend: lastValue("backend", values) as TcpAddress | UnixAddress,
    pemFiles: pemFiles(values),
    selfSigned: text("self-signed"),
    tlsLibrary: choice("tls-library") as TlsLibrary,
    workers: lastValue("workers", values) as number | "auto",
    backlog: number("backlog"),
    keepalive: number("keepalive"),
    preface: preface(values),
    chroot: text("chroot"),
    user: text("user"),
    group: text("group"),
    quiet: flag("quiet"),
    syslog: flag("syslog"),
    syslogFacility: choice("syslog-facility"),
    handshakeTimeout: number("ssl-handshake-timeout"),
    backendConnectTimeout: number("backend-connect-timeout"),
    drainTimeout: number("drain-timeout"),
    lingerTimeout: number("linger-timeout"),
    stallTimeout: number("stall-timeout"),
  };
}

/** A refused option may still be set to its default; scripts and `--default-config` of stud do. */
function refuse(option: Option<OptionName>, values: RawValues): void {
  const raw = values.get(option.name)?.at(-1);
  if (raw === undefined) return;
  const value = parseValue(option, raw);
  const word = value === true ? "on" : value === false ? "off" : String(value);
  const reason = option.refusedValues?.[word] ??
    (word === option.default ? undefined : option.refusal);
  if (reason === undefined) return;
  const shown = option.type.kind === "flag" ? "" : `${quote(raw.text)}: `;
  throw new UsageError(`${raw.origin}: ${shown}${reason}`);
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

function pemFiles(values: RawValues): string[] {
  const files = allValues("pem-file", values) as string[];
  const selfSigned = values.get("self-signed")?.at(-1);
  const [first, second] = values.get("pem-file") ?? [];
  if (first && selfSigned) {
    throw new UsageError(
      `${first.origin} ${quote(first.text)} and ${selfSigned.origin} exclude each other; give one`,
    );
  }
  if (!first && !selfSigned) {
    throw new UsageError(
      "no PEM file given: name the file with certificate and private key as an argument, " +
        "or try stud out with --self-signed",
    );
  }
  if (second) {
    throw new UsageError(
      `${second.origin}: ${quote(second.text)} is one PEM file more than ${quote(first!.text)}: ` +
        "several certificates need the OpenSSL engine, which this release does not have; give one",
    );
  }
  return files;
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

/** The last value given, or the default's, or undefined if there is neither. */
function lastValue(name: OptionName, values: RawValues): Value | undefined {
  return allValues(name, values).at(-1);
}

function allValues(name: OptionName, values: RawValues): Value[] {
  const option = optionNamed(name);
  const raws = values.get(name) ?? defaultOf(option);
  return raws.map((raw) => parseValue(option, raw));
}

function defaultOf(option: Option): RawValue[] {
  const origin = `default of ${option.name}`;
  return option.default === undefined ? [] : [{ text: option.default, origin }];
}
