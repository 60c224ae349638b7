/**
 * Chooses the TLS engine: the operator's choice, or the platform's first, or OpenSSL if an option needs it. Node has
 * one engine for everything. The option table declares what needs OpenSSL. Whether this machine has OpenSSL is checked
 * elsewhere, so the result also says what to do without it.
 */

import { UsageError } from "../errors.ts";
import { ownPemFiles } from "./certificate_settings.ts";
import { isKeyUri } from "../wire/key_uri.ts";
import type { Option, OptionName } from "./options.ts";
import { optionNamed, OPTIONS } from "./options.ts";
import { quote } from "../wire/escape.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { isDefault, lastValue, parseFlag } from "./raw_values.ts";
import type { TlsLibrary, TlsLibraryName } from "./settings.ts";

/**
 * Chooses one of the platform's engines, which are in order of preference, and says which option required it. OpenSSL
 * that the operator did not ask for is used if it can be opened; otherwise rustls.
 *
 * @throws UsageError if the platform lacks the requested engine, or for rustls with an option that it does not support
 */
export function chooseTlsLibrary(
  values: RawValues,
  libraries: readonly TlsLibraryName[],
): TlsLibrary {
  const given = values.get("tls-library")?.at(-1);
  const wanted = lastValue("tls-library", values) as TlsLibraryName | "auto";
  if (wanted !== "auto" && !libraries.includes(wanted)) {
    const reason = wanted === "node" ? ON_NODE_ONLY : NODE_ALONE;
    throw new UsageError(`${given!.origin}: ${quote(wanted)}: ${reason}`);
  }
  if (libraries.includes("node")) return { name: "node", because: undefined };
  if (wanted !== "auto" && wanted !== "rustls") return { name: wanted, because: given!.origin };
  const [need] = [...needs(values), ...needsOfMatching(values)];
  if (need === undefined) {
    const isPreferred = wanted === "auto" && libraries[0] === "openssl";
    return isPreferred
      ? { name: "openssl", orElse: "rustls", because: undefined }
      : { name: "rustls", because: undefined, ...wanted === "auto" && { orBetter: "openssl" } };
  }
  if (wanted === "rustls") {
    const { origin } = given!;
    const written = origin.startsWith("--") ? `${origin}=rustls` : `${origin} = rustls`;
    throw new UsageError(`${need.complaint} needs OpenSSL; leave out ${written} or use auto`);
  }
  return { name: "openssl", because: need.because };
}

/** Something that needs OpenSSL. */
interface Need {
  /** As the operator wrote it, or how many there are. */
  readonly because: string;
  /** What a message says before "needs OpenSSL". */
  readonly complaint: string;
}

/** Everything that needs OpenSSL, in the order of the table, then what follows from several options together. */
function* needs(values: RawValues): Generator<Need> {
  const outgoing = lastValue("client", values) === true;
  for (const option of OPTIONS) {
    if (option.needsWhile?.every((name) => !lastValue(name as OptionName, values))) continue;
    if (outgoing && option.needsFor === "incoming") continue;
    const given = values.get(option.name) ?? [];
    const raws = option.repeatable ? given : given.slice(-1);
    yield* needsOf(option, raws);
    for (const { block, frontend } of raws) {
      for (const [key, inner] of block ?? []) yield* needsOf(optionNamed(key), inner);
      if (frontend) yield* needs(frontend);
    }
  }
  if (outgoing) yield* needsToTheBackend(values);
}

/** What rustls does not support here when stud is the TLS client. */
function* needsToTheBackend(values: RawValues): Generator<Need> {
  for (const { origin, text } of (values.get("pem-file") ?? []).slice(0, 1)) {
    const complaint = `${origin}: ${quote(text)}: a client certificate`;
    yield { because: "a client certificate", complaint };
  }
  const backend = values.get("backend")?.at(-1);
  if (backend?.text.startsWith("/")) {
    const complaint = `${backend.origin}: ${quote(backend.text)}: TLS over a unix socket`;
    yield { because: "a unix socket", complaint };
  }
}

/** Frontends that serve the general certificates after their own have several certificates. */
function* needsOfMatching(values: RawValues): Generator<Need> {
  for (const raw of values.get("frontend") ?? []) {
    const matching = raw.frontend?.get("match-global-certs")?.at(-1);
    if (matching === undefined || parseFlag(matching.text) !== true) continue;
    if (ownPemFiles(raw).length === 0 || !values.has("pem-file")) continue;
    yield { because: matching.origin, complaint: `${matching.origin}:` };
  }
}

function* needsOf(option: Option, raws: readonly RawValue[]): Generator<Need> {
  if (option.needs === undefined) return;
  if (option.needsFor === "several") {
    const second = raws[1];
    if (second === undefined) return;
    const complaint = `${second.origin}: ${quote(second.text)}: more than one PEM file`;
    yield { because: `${raws.length} PEM files`, complaint };
    return;
  }
  const isTooMuch = option.needsFor === "pkcs11"
    ? ({ text }: RawValue) => isKeyUri(text)
    : (raw: RawValue) => !isDefault(option, raw) && !(option.emptyIsOff && raw.text === "");
  for (const { origin } of raws.filter(isTooMuch)) {
    yield { because: origin, complaint: `${origin}:` };
  }
}

const ON_NODE_ONLY = "only the npm package under Node has this TLS engine; use auto";
const NODE_ALONE = "the npm package under Node has only node:tls; use auto, or stud's executable " +
  "for this engine";
