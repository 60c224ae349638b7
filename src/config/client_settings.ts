/**
 * What the operator set for clients' certificates, in general, on a frontend and for a certificate. It checks which
 * options need each other, and refuses settings that admit clients which the operator meant to exclude. It reads no
 * file.
 */

import { UsageError } from "../errors.ts";
import type { ClientName } from "../x509/client_name.ts";
import type { OptionName } from "./options.ts";
import { optionLabel, optionNamed } from "./options.ts";
import { quote } from "../wire/escape.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { lastValue, parseValue } from "./raw_values.ts";
import type { ClientVerify } from "./settings.ts";

/**
 * The options that list allowed clients. If a frontend or certificate sets one of them, both general ones are ignored.
 */
export const ALLOW_OPTIONS = ["allow-cn", "allow-san"] as const satisfies readonly OptionName[];

/** The clients that these values allow; undefined if they set none of the options. */
export function allowedClients(values: RawValues): readonly ClientName[] | undefined {
  const raws = ALLOW_OPTIONS.flatMap((name) =>
    (values.get(name) ?? []).map((raw) => parseValue(optionNamed(name), raw) as ClientName)
  );
  return raws.length === 0 ? undefined : raws;
}

/**
 * Checks the rules for clients in all values.
 *
 * @throws UsageError that names the option which is missing, or has no effect
 */
export function checkClientRules(values: RawValues): void {
  const places = allPlaces(values);
  for (const place of places) checkAuthorities(place);
  for (const place of places) checkAllowed(place);
  if (lastValue("compat", values) === "hitch") return;
  for (const { raw, name, isMeant } of filesWithoutEffect(places)) {
    if (!isMeant) throw new UsageError(`${raw.origin} ${quote(raw.text)} ${noEffect(name)}`);
  }
}

/**
 * A line for each file that has no effect because clients need no certificate, if the operator set it so explicitly.
 */
export function clientRuleWarnings(values: RawValues): string[] {
  return filesWithoutEffect(allPlaces(values)).map(({ raw, name }) =>
    `${raw.origin}: ${noEffect(name)}`
  );
}

/** The values that apply to a frontend or certificate: its own first, then those around it. */
type Place = readonly [RawValues, ...RawValues[]];

function allPlaces(values: RawValues): Place[] {
  const frontends = (values.get("frontend") ?? []).flatMap(({ frontend }) => frontend ?? []);
  return [
    [values],
    ...blocksOf(values).map((block): Place => [block, values]),
    ...frontends.flatMap((frontend): Place[] => [
      [frontend, values],
      ...blocksOf(frontend).map((block): Place => [block, frontend, values]),
    ]),
  ];
}

function blocksOf(values: RawValues): RawValues[] {
  return (values.get("pem-file") ?? []).flatMap(({ block }) => block ?? []);
}

function find(place: Place, name: OptionName): RawValue | undefined {
  return place.find((values) => values.has(name))?.get(name)?.at(-1);
}

function verifies(place: Place): boolean {
  const verify = find(place, "client-verify");
  return verify !== undefined && !says(verify, "none");
}

function says(verify: RawValue | undefined, word: ClientVerify): boolean {
  return verify !== undefined && parseValue(optionNamed("client-verify"), verify) === word;
}

/** Clients can only be verified if the operator names the authorities. */
function checkAuthorities(place: Place): void {
  const verify = find(place, "client-verify");
  if (verify === undefined || !verifies(place) || find(place, "client-verify-ca")) return;
  throw new UsageError(
    `${verify.origin}: ${quote(verify.text)} needs ${label("client-verify-ca")} with the ` +
      "authorities that sign clients' certificates",
  );
}

/** A client without a certificate has no name. */
function checkAllowed(place: Place): void {
  const said = place.find((values) => ALLOW_OPTIONS.some((name) => values.has(name)));
  const verify = find(place, "client-verify");
  if (said === undefined || says(verify, "required")) return;
  // If clients are open to all here, the outer settings have no effect.
  const within = place.slice(0, place.indexOf(said));
  if (says(verify, "none") && within.some((values) => values.has("client-verify"))) return;
  const [raw] = ALLOW_OPTIONS.flatMap((name) => said.get(name) ?? []);
  const instead = verify === undefined ? "" : `, not ${quote(verify.text)} (${verify.origin})`;
  throw new UsageError(
    `${raw!.origin}: ${quote(raw!.text)} needs ${label("client-verify")}=required${instead}: ` +
      "a client without a certificate has no name",
  );
}

interface FileWithoutEffect {
  readonly name: OptionName;
  readonly raw: RawValue;
  /** The operator set here explicitly that clients are not asked for a certificate. */
  readonly isMeant: boolean;
}

function filesWithoutEffect(places: readonly Place[]): FileWithoutEffect[] {
  const files = places.flatMap(([own]) =>
    (["client-verify-ca", "client-verify-crl"] as const).flatMap((name) => {
      const raw = own.get(name)?.at(-1);
      const isMeant = says(own.get("client-verify")?.at(-1), "none");
      return raw === undefined ? [] : [{ name, raw, isMeant }];
    })
  );
  return files.filter(({ name, raw }) =>
    !places.some((place) => verifies(place) && find(place, name) === raw)
  );
}

function noEffect(name: OptionName): string {
  const what = name === "client-verify-ca" ? "these authorities are" : "this list is";
  return `has no effect: no client is asked for a certificate, so ${what} not used; add ` +
    `${label("client-verify")}=required, or leave it out`;
}

function label(name: OptionName): string {
  return optionLabel(optionNamed(name));
}
