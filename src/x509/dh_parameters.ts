/**
 * Diffie-Hellman parameters of a certificate file: converts them to one form and measures their strength. It does not
 * use them.
 */

import { StartupError } from "../errors.ts";
import { type DerElement, DerTag, encodeDer, readDer } from "./der.ts";
import { formatPem, type PemBlock, pemBytes, pemDamage } from "./pem.ts";

/** OpenSSL refuses fewer bits at its usual security level of 2, see SSL_CTX_set_security_level(3). */
export const MIN_DH_BITS = 2048;

/**
 * The first parameters among a file's blocks, as PKCS #3 in PEM; undefined if there are none. X9.42 parameters (RFC
 * 3279 section 2.3.3), which describe the same group in more detail, are accepted too. Throws {@linkcode StartupError}.
 */
export function findDhParameters(blocks: readonly PemBlock[], source: string): string | undefined {
  const block = blocks.find(({ label }) => LABELS.includes(label));
  if (block === undefined) return undefined;
  try {
    return formatPem(PKCS3, encodeDer(DerTag.sequence, ...group(block).map(({ whole }) => whole)));
  } catch (error) {
    throw new StartupError(
      `${source}: the DH parameters of line ${block.line} are damaged${
        pemDamage(block)
      }; make new ones: ` +
        "openssl dhparam 2048",
      { cause: error },
    );
  }
}

/** The length in bits of the prime in a result of {@linkcode findDhParameters}. */
export function dhBits(pem: string): number {
  const [prime] = group({ label: PKCS3, text: pem, line: 1 });
  const bytes = prime!.content.subarray(prime!.content.findIndex((byte) => byte !== 0));
  return bytes.length * 8 - Math.clz32(bytes[0]!) + 24;
}

/** The prime and the generator. */
function group(block: PemBlock): DerElement[] {
  const sequence = readDer(pemBytes(block));
  const numbers = sequence.tag === DerTag.sequence ? sequence.children().slice(0, 2) : [];
  const isNumber = ({ tag, content }: DerElement) =>
    tag === DerTag.integer && content.some((byte) => byte !== 0);
  if (numbers.length < 2 || !numbers.every(isNumber)) {
    throw new Error("not a prime and a generator");
  }
  return numbers;
}

const PKCS3 = "DH PARAMETERS";
const LABELS = [PKCS3, "X9.42 DH PARAMETERS"];
