/**
 * Private keys of certificates: what is wrong with them, and which certificate they belong to. If the platform cannot
 * read the kind of key, the TLS library validates it when it gets the key.
 */

import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { StartupError } from "../errors.ts";
import { checkDer, DerTag, objectIdentifier, readDer } from "./der.ts";
import { isSameBytes } from "../wire/bytes.ts";
import { isKeyUri } from "../wire/key_uri.ts";
import { isEncryptedKey, isPrivateKey, type PemBlock, pemBytes, pemDamage } from "./pem.ts";
import { type KeyAlgorithm, keyAlgorithm, publicKeyAlgorithm } from "./key_algorithm.ts";
import { inCommand } from "./other_formats.ts";
import { insteadOf, pemBlocks } from "./pem_blocks.ts";

/** A private key, or the name of one. */
export interface PrivateKey {
  /** The file it came from, or the `pkcs11:` URI without its query, which may hold a PIN. */
  readonly source: string;
  /** The line where it begins in the file. */
  readonly line?: number;
  /** PEM text, or the `pkcs11:` URI. */
  readonly text: string;
  /** Undefined for a URI, whose key is unknown. */
  readonly algorithm: KeyAlgorithm | undefined;
  /** The SubjectPublicKeyInfo that belongs to it, DER; undefined if the platform cannot derive it. */
  readonly publicKey: Uint8Array | undefined;
}

/** Extracts the first private key from PEM text, or uses a URI unchanged. Throws {@linkcode StartupError}. */
export function readPrivateKey(text: string, source: string): PrivateKey {
  if (isKeyUri(text)) {
    return { source: text.replace(QUERY, ""), text, algorithm: undefined, publicKey: undefined };
  }
  const blocks = pemBlocks(text, source);
  const key = blocks.find(isPrivateKey);
  if (key === undefined) {
    throw new StartupError(`${source}: no private key in it${insteadOf(text, blocks, source)}`);
  }
  return parsePrivateKey(key, source);
}

/** Parses a PEM block that is a private key. Throws {@linkcode StartupError}. */
export function parsePrivateKey(block: PemBlock, source: string): PrivateKey {
  const { text, line, label } = block;
  if (isEncryptedKey(block)) {
    throw new StartupError(
      `${source}: the private key (line ${line}) is encrypted; remove its passphrase: ` +
        `openssl pkey -in ${inCommand(source)} -out key.pem`,
    );
  }
  if (label === "OPENSSH PRIVATE KEY") {
    throw new StartupError(
      `${source}: the private key (line ${line}) is in OpenSSH's own format; convert a copy of it: ` +
        "ssh-keygen -p -m PKCS8 -f COPY",
    );
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (error) {
    const algorithm = unreadable(block, source, error);
    return { source, line, text, algorithm, publicKey: undefined };
  }
  const publicKey = exported(() => createPublicKey(key));
  const algorithm = publicKey === undefined
    ? unreadable(block, source, undefined)
    : publicKeyAlgorithm(publicKey);
  return { source, line, text, algorithm, publicKey };
}

/**
 * Whether a private key belongs to a certificate's public key (SubjectPublicKeyInfo, DER); undefined if this cannot be
 * determined here.
 */
export function keyBelongs(key: PrivateKey, publicKey: Uint8Array): boolean | undefined {
  const { algorithm } = key;
  if (algorithm === undefined) return undefined;
  const { type, curve } = publicKeyAlgorithm(publicKey);
  const bothNamed = curve !== undefined && algorithm.curve !== undefined;
  if (type !== algorithm.type || bothNamed && curve !== algorithm.curve) return false;
  if (key.publicKey === undefined) return undefined;
  if (isSameBytes(key.publicKey, publicKey)) return true;
  // The same key has several encodings: points may be compressed, parameters omitted.
  const plain = exported(() =>
    createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" })
  );
  return plain && isSameBytes(key.publicKey, plain);
}

/** The text after the question mark in a URI may be a PIN, and messages are not secret. */
const QUERY = /\?.*/s;

/** Every version of every platform supports these keys: if one of them fails, it is damaged. */
const ALWAYS_READ = ["rsa", "ed25519"];
const ALWAYS_READ_CURVES = ["1.2.840.10045.3.1.7", "1.3.132.0.34"];

/** The algorithm of a key that the platform cannot read; throws unless the platform may be the cause. */
function unreadable(block: PemBlock, source: string, cause: unknown): KeyAlgorithm {
  const damaged =
    `${source}: the private key (line ${block.line}) is damaged or of an unknown type` +
    pemDamage(block);
  let algorithm: KeyAlgorithm;
  try {
    algorithm = privateKeyAlgorithm(block);
  } catch (error) {
    throw new StartupError(damaged, { cause: error });
  }
  const { type, curve = "" } = algorithm;
  if (ALWAYS_READ.includes(type) || ALWAYS_READ_CURVES.includes(curve)) {
    throw new StartupError(damaged, { cause });
  }
  return algorithm;
}

/** The algorithm from PKCS #8 (RFC 5958), or from the older formats, whose labels name it (RFC 5915, RFC 8017). */
function privateKeyAlgorithm(block: PemBlock): KeyAlgorithm {
  const der = pemBytes(block);
  const element = readDer(der);
  checkDer(element);
  const fields = element.children();
  if (block.label === "PRIVATE KEY") {
    const [, identifier] = fields;
    if (identifier?.tag !== DerTag.sequence) throw new Error("not PKCS #8");
    return keyAlgorithm(identifier);
  }
  const type = block.label.replace(/ ?PRIVATE KEY$/, "").toLowerCase();
  const parameters = fields.find(({ tag }) => tag === EC_PARAMETERS);
  const [curve] = parameters?.children() ?? [];
  return {
    type,
    curve: curve?.tag === DerTag.objectIdentifier ? objectIdentifier(curve.content) : undefined,
  };
}

const EC_PARAMETERS = 0xa0;

function exported(make: () => KeyObject): Uint8Array | undefined {
  try {
    return make().export({ type: "spki", format: "der" });
  } catch {
    return undefined;
  }
}
