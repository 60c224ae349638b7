/**
 * The choice of the TLS engine: the operator's, or rustls until an option needs more. What needs OpenSSL is
 * in the option table. Whether this machine has an OpenSSL is found out elsewhere.
 */

import { UsageError } from "../errors.ts";
import { isKeyUri } from "../wire/key_uri.ts";
import type { Option } from "./options.ts";
import { optionNamed, OPTIONS } from "./options.ts";
import { quote } from "./quote.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { isDefault, lastValue } from "./raw_values.ts";
import type { TlsLibrary } from "./settings.ts";

/**
 * Chooses the engine, and says on whose account.
 *
 * @throws UsageError if rustls is asked for, and something that it cannot do
 */
export function chooseTlsLibrary(values: RawValues): TlsLibrary {
  const given = values.get("tls-library")?.at(-1);
  const wanted = lastValue("tls-library", values);
  if (wanted === "openssl") return { name: "openssl", because: given!.origin };
  const [need] = needs(values);
  if (need === undefined) return { name: "rustls", because: undefined };
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

/** All that needs OpenSSL, in the order of the table. */
function* needs(values: RawValues): Generator<Need> {
  for (const option of OPTIONS) {
    const given = values.get(option.name) ?? [];
    const raws = option.repeatable ? given : given.slice(-1);
    yield* needsOf(option, raws);
    for (const raw of raws) {
      for (const [key, inner] of raw.block ?? []) yield* needsOf(optionNamed(key), [inner]);
    }
  }
}

function* needsOf(option: Option, raws: readonly RawValue[]): Generator<Need> {
  if (option.needs === undefined) return;
  if (option.needsFor === "several") {
    const second = raws[1];
    if (second === undefined) return;
    const complaint = `${second.origin}: ${quote(second.text)}: more than one`;
    yield { because: `${raws.length} PEM files`, complaint };
    return;
  }
  const isTooMuch = option.needsFor === "pkcs11"
    ? ({ text }: RawValue) => isKeyUri(text)
    : (raw: RawValue) => !isDefault(option, raw);
  for (const { origin } of raws.filter(isTooMuch)) {
    yield { because: origin, complaint: `${origin}:` };
  }
}
