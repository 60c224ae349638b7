/** Explains which key and which certificate of a file do not match, and which would. */

import { isPrivateKey, type PemBlock, pemBytes } from "./pem.ts";
import { Certificate } from "./certificate.ts";
import { keyBelongs, parsePrivateKey, type PrivateKey } from "./private_key.ts";

/** A certificate's file, and what is in it. */
export interface MismatchedFile {
  readonly source: string;
  readonly blocks: readonly PemBlock[];
  /** Of the first certificate: the SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

/** The line for a key that does not belong to the first certificate of the file. */
export function keyMismatch(file: MismatchedFile, key: PrivateKey): string {
  const { source, blocks } = file;
  const [first, ...chain] = blocks.filter(({ label }) => label === "CERTIFICATE");
  const start = `${key.source}: the private key${atLine(key)} does not belong to`;
  const isOwn = key.source === source;
  const its = isOwn
    ? `the certificate (line ${first!.line})`
    : `the certificate in ${source} (line ${first!.line})`;
  const other = chain.find((block) => attempt(() => belongsTo(key, block)));
  if (other !== undefined) {
    return `${start} ${its} but to that of line ${other.line}; put that one first, the server's own`;
  }
  const right = !isOwn
    ? undefined
    : blocks.filter(isPrivateKey).find((block) =>
      attempt(() => keyBelongs(parsePrivateKey(block, source), file.publicKey))
    );
  if (right !== undefined) {
    return `${start} ${its}, that of line ${right.line} does; leave out the first`;
  }
  return `${start} ${its}; give the key that the certificate was made for`;
}

/** ` (line 3)`, if it is known. */
export function atLine({ line }: Pick<PrivateKey, "line">): string {
  return line === undefined ? "" : ` (line ${line})`;
}

function belongsTo(key: PrivateKey, certificate: PemBlock): boolean | undefined {
  return keyBelongs(key, Certificate.parse(pemBytes(certificate)).publicKey);
}

/** Faults in other blocks are not the subject of the message. */
function attempt(look: () => boolean | undefined): boolean {
  try {
    return look() === true;
  } catch {
    return false;
  }
}
