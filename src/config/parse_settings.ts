/**
 * Raw values to `Settings`: the last value or the default of each option, the options that this release or the platform
 * refuses, and how options work together. Nothing on the machine is looked up: files, users and hosts are still text
 * afterwards.
 */

import { UsageError } from "../errors.ts";
import { backendTlsSetting } from "./backend_tls_setting.ts";
import { checkSources } from "./certificate_settings.ts";
import { checkClientRules, clientRuleWarnings } from "./client_settings.ts";
import { frontendSettings } from "./frontend_settings.ts";
import { logSettings } from "./log_settings.ts";
import type { Option, OptionName } from "./options.ts";
import { OBSOLETE_OPTIONS, optionNamed, OPTIONS, PREFACE_FLAGS } from "./options.ts";
import { quote } from "../wire/escape.ts";
import { isIpAddress, isLoopback } from "../wire/ip_address.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { isDefault, lastValue, parseFlag, parseValue } from "./raw_values.ts";
import { settledGroups } from "./setting_groups.ts";
import type { PrefaceKind, Settings, TcpAddress, TlsLibraryName, UnixAddress } from "./settings.ts";
import { chooseTlsLibrary } from "./tls_library.ts";
import { tlsSettings } from "./tls_settings.ts";

/**
 * The settings that the operator asked for, on a platform with these TLS engines.
 *
 * @throws UsageError for a text that its option cannot take, a refused option, and options that exclude each other
 */
export function parseSettings(
  values: RawValues,
  libraries: readonly TlsLibraryName[],
): Settings {
  for (const option of OPTIONS) {
    refuse(option, values, libraries);
    for (const { frontend } of values.get("frontend") ?? []) {
      if (frontend) refuse(option, frontend, libraries);
    }
  }
  const backendTls = backendTlsSetting(values);
  const tls = tlsSettings(values);
  const tlsLibrary = chooseTlsLibrary(values, libraries);
  checkClientRules(values);
  const frontends = frontendSettings(values, tls);
  checkSources(values);
  checkStatus(values);
  const groups = settledGroups(values);
  const compat = lastValue("compat", values) as Settings["compat"];
  const resetsOnSigterm = compat === "hitch" && !values.has("drain-timeout");
  return {
    ...groups,
    compat,
    service: { ...groups.service, resetsOnSigterm },
    warnings: [...settingsWarnings(values), ...clientRuleWarnings(values)],
    frontends,
    frontendsGiven:
      values.get("frontend")?.some((raw) => !isDefault(optionNamed("frontend"), raw)) ?? false,
    backend: { ...groups.backend, tls: backendTls },
    tlsLibrary,
    ...tls,
    preface: { ...groups.preface, kind: preface(values) },
    log: logSettings(groups.log, values, libraries),
  };
}

/** A refused option may still be set to its default, because scripts and stud's `--default-config` do that. */
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

/** The engines identify the platform. */
function notHere({ notOn }: Option, libraries: readonly TlsLibraryName[]): string | undefined {
  return libraries.includes("node") ? notOn?.node : undefined;
}

function preface(values: RawValues): PrefaceKind {
  const given = PREFACE_FLAGS.filter(({ name }) => lastValue(name, values));
  const [first, second] = given;
  if (first && second) {
    const [one, other] = [first, second].map(({ name }) => values.get(name)!.at(-1)!.origin);
    throw new UsageError(`${one} and ${other} exclude each other; give one`);
  }
  const kind = first?.preface ?? "none";
  const certificate = values.get("proxy-client-cert")?.at(-1);
  const isHitch = lastValue("compat", values) === "hitch";
  if (kind !== "proxy-v2" && certificate && lastValue("proxy-client-cert", values) && !isHitch) {
    throw new UsageError(`${certificate.origin} has no effect without --write-proxy-v2`);
  }
  return kind;
}

/**
 * Checks `--status` and `--status-public` as far as their texts tell; host names are looked up at the start.
 *
 * @throws UsageError for an address that other machines reach, and for `--status-public` alone
 */
function checkStatus(values: RawValues): void {
  const address = lastValue("status", values) as TcpAddress | UnixAddress | undefined;
  if (lastValue("status-public", values) === true) {
    if (address !== undefined) return;
    const { origin } = values.get("status-public")!.at(-1)!;
    throw new UsageError(`${origin} has no effect without --status`);
  }
  if (address?.kind !== "tcp") return;
  const { host, port } = address;
  if (host !== "*" && (!isIpAddress(host) || isLoopback(host))) return;
  const { origin, text } = values.get("status")!.at(-1)!;
  throw new UsageError(
    `${origin}: ${quote(text)}: other machines could read it; write 127.0.0.1,${port}, or add ` +
      "--status-public",
  );
}

/** A line for each value without effect, and for each that was accepted only in part. */
function settingsWarnings(values: RawValues): string[] {
  const obsolete = OBSOLETE_OPTIONS.flatMap(({ name, obsolete }) =>
    (values.get(name) ?? []).map(({ origin }) => `${origin}: ignored: ${obsolete}`)
  );
  const ineffective = NO_EFFECT_ALONE.filter(([name, other]) =>
    isOn(values, name) && !isOn(values, other)
  )
    .map(([name, other]) => `${values.get(name)!.at(-1)!.origin}: no effect without --${other}`);
  return [...obsolete, ...ineffective, ...[...values.values()].flat().flatMap(ownWarnings)];
}

function isOn(values: RawValues, name: OptionName): boolean {
  const text = values.get(name)?.at(-1)?.text;
  return text !== undefined && parseFlag(text) !== false;
}

function ownWarnings({ origin, warning, block, frontend }: RawValue): string[] {
  return [
    ...warning === undefined ? [] : [`${origin}: ${warning}`],
    ...[block, frontend].flatMap((inner) => inner === undefined ? [] : settingsWarnings(inner)),
  ];
}

/** Hitch accepts the first without the second; without `--compat` that is an error elsewhere. */
const NO_EFFECT_ALONE = [
  ["pem-dir-glob", "pem-dir"],
  ["proxy-client-cert", "write-proxy-v2"],
] as const satisfies readonly (readonly [OptionName, OptionName])[];
