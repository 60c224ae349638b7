/**
 * Checks a certificate and its key before a worker ever sees them, so that every fault is one line that
 * names the file and the cause. It reads no files: callers pass the text and what to call it.
 */

import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { StartupError } from "../errors.ts";
import { isEncryptedKey, isPrivateKey, parsePem, type PemBlock } from "../wire/pem.ts";
import type { CertificateAndKey } from "./engine.ts";

/** A certificate that fits its key, and what an operator wants to know of it. */
export interface CheckedCertificate extends CertificateAndKey {
  /** The file it came from, or what stands for it. */
  readonly source: string;
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * Takes the certificates (leaf first, then the chain) and the private key out of PEM text and checks that
 * they belong together. Throws {@linkcode StartupError} with `source` at the front of the line.
 */
export function checkCertificate(pem: string, source: string): CheckedCertificate {
  const blocks = blocksOf(pem, source);
  const certificates = blocks.filter((block) => block.label === "CERTIFICATE");
  const [leaf] = certificates.map((block, index) => parseCertificate(block, index + 1, source));
  if (leaf === undefined) throw new StartupError(`${source}: no certificate in it`);
  const keyBlock = keyOf(blocks, source);
  const key = parseKey(keyBlock, source);
  if (!sameKey(key, publicKeyOf(leaf.parsed, source))) {
    throw new StartupError(
      `${source}: the private key does not belong to the certificate (the first certificate in the file ` +
        `must be the server's own)`,
    );
  }
  return {
    source,
    certificateChain: certificates.map((block) => block.text).join(""),
    privateKey: keyBlock.text,
    subject: leaf.subject,
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
  };
}

/** Says what is wrong with the certificate's dates on a day, or undefined. Such a certificate is served. */
export function dateWarning(certificate: CheckedCertificate, today: Date): string | undefined {
  const { notBefore, notAfter, source } = certificate;
  if (today > notAfter) {
    return `${source}: the certificate expired on ${notAfter.toISOString()}; clients will refuse it`;
  }
  if (today < notBefore) {
    return `${source}: the certificate is not valid before ${notBefore.toISOString()}`;
  }
  const days = Math.floor((notAfter.getTime() - today.getTime()) / 86_400_000);
  if (days < EXPIRY_WARNING_DAYS) {
    return `${source}: the certificate expires in ${days} days, on ${notAfter.toISOString()}`;
  }
  return undefined;
}

/** Certificates that expire sooner than this are mentioned at the start. */
const EXPIRY_WARNING_DAYS = 14;

function blocksOf(pem: string, source: string): PemBlock[] {
  if (pem.trim() === "") throw new StartupError(`${source}: the file is empty`);
  try {
    const blocks = parsePem(pem);
    if (blocks.length > 0) return blocks;
  } catch (error) {
    throw new StartupError(`${source}: ${(error as Error).message}`, { cause: error });
  }
  throw new StartupError(`${source}: not a PEM file (it has no -----BEGIN line)`);
}

/** What is read from one certificate, all of it at once, since damage may show in any field. */
interface ParsedCertificate extends Pick<CheckedCertificate, "subject" | "notBefore" | "notAfter"> {
  readonly parsed: X509Certificate;
}

function parseCertificate(block: PemBlock, place: number, source: string): ParsedCertificate {
  try {
    const parsed = new X509Certificate(block.text);
    return {
      parsed,
      // A certificate may have nothing but alternative names, and no subject.
      subject: (parsed.subject || parsed.subjectAltName || "").replaceAll("\n", ", "),
      notBefore: certificateDate(parsed.validFrom),
      notAfter: certificateDate(parsed.validTo),
    };
  } catch (error) {
    throw new StartupError(`${source}: certificate ${place} in it is damaged`, { cause: error });
  }
}

function keyOf(blocks: readonly PemBlock[], source: string): PemBlock {
  const key = blocks.find(isPrivateKey);
  if (key === undefined) {
    throw new StartupError(
      `${source}: no private key in it; append the key to the file: cat cert.pem key.pem > both.pem`,
    );
  }
  if (isEncryptedKey(key)) {
    throw new StartupError(
      `${source}: the private key is encrypted; remove its passphrase: openssl pkey -in FILE -out key.pem`,
    );
  }
  return key;
}

function parseKey(block: PemBlock, source: string): KeyObject {
  try {
    return createPublicKey(createPrivateKey(block.text));
  } catch (error) {
    throw new StartupError(`${source}: the private key is damaged or of an unknown type`, {
      cause: error,
    });
  }
}

function publicKeyOf(certificate: X509Certificate, source: string): KeyObject {
  try {
    return certificate.publicKey;
  } catch (error) {
    throw new StartupError(`${source}: the certificate's key is of an unknown type`, {
      cause: error,
    });
  }
}

function sameKey(one: KeyObject, other: KeyObject): boolean {
  const [a, b] = [one, other].map((key) => key.export({ type: "spki", format: "der" }));
  return a!.equals(b!);
}

/** OpenSSL's date, as `Dec 22 17:55:49 2026 GMT`; some versions of Deno write `+00:00` at the end. */
function certificateDate(text: string): Date {
  return new Date(text.replace(/(GMT|\+00:00)$/, "UTC"));
}
