/** The kind of a key, from the AlgorithmIdentifier of public and private keys (RFC 5280 section 4.1.1.2). */

import { derBits, type DerElement, derIdentifier, derSequence, DerTag, expectDer } from "./der.ts";
import { objectIdentifier, readDer } from "./der.ts";

/** What distinguishes kinds of keys. */
export interface KeyAlgorithm {
  /** `rsa`, `rsa-pss`, `ec`, `ed25519`, `ed448`, `dsa`, or the object identifier of another. */
  readonly type: string;
  /** The object identifier of the curve, for `ec` with a named one. */
  readonly curve: string | undefined;
}

/** The algorithm of a SubjectPublicKeyInfo (DER). Throws {@linkcode DerFormatError}. */
export function publicKeyAlgorithm(publicKey: Uint8Array): KeyAlgorithm {
  const [algorithm] = derSequence(readDer(publicKey));
  return keyAlgorithm(expectDer(algorithm, DerTag.sequence));
}

/** The content of the BIT STRING in a SubjectPublicKeyInfo (DER). Throws {@linkcode DerFormatError}. */
export function publicKeyBits(publicKey: Uint8Array): Uint8Array {
  return derBits(derSequence(readDer(publicKey))[1]);
}

/** The algorithm of an AlgorithmIdentifier. Throws {@linkcode DerFormatError}. */
export function keyAlgorithm(identifier: DerElement): KeyAlgorithm {
  const [name, parameters] = identifier.children();
  const text = derIdentifier(name);
  const curve = parameters?.tag === DerTag.objectIdentifier
    ? objectIdentifier(parameters.content)
    : undefined;
  return { type: KEY_TYPES.get(text) ?? text, curve };
}

const KEY_TYPES = new Map([
  ["1.2.840.113549.1.1.1", "rsa"],
  ["1.2.840.113549.1.1.10", "rsa-pss"],
  ["1.2.840.10045.2.1", "ec"],
  ["1.2.840.10040.4.1", "dsa"],
  ["1.3.101.112", "ed25519"],
  ["1.3.101.113", "ed448"],
]);
