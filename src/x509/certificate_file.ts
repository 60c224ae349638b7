/**
 * Checks certificates and their keys before any worker gets them, so that every fault is one line that names the file
 * and the cause. It reads no files: callers pass the text and a name for it.
 */

import { createHash } from "node:crypto";
import { StartupError } from "../errors.ts";
import { counted } from "../counted.ts";
import { isPrivateKey, type PemBlock, pemBytes, pemDamage } from "./pem.ts";
import { Certificate } from "./certificate.ts";
import { hostNames } from "./certificate_names.ts";
import { checkDer, readDer } from "./der.ts";
import { findDhParameters } from "./dh_parameters.ts";
import { distinguishedName } from "./distinguished_name.ts";
import { publicKeyAlgorithm } from "./key_algorithm.ts";
import { keyMismatch } from "./key_mismatch.ts";
import { insteadOf, pemBlocks, unreadBlocks } from "./pem_blocks.ts";
import { keyBelongs, parsePrivateKey, type PrivateKey } from "./private_key.ts";
import type { StatedKeys } from "./stated_keys.ts";

/** What is needed to serve a certificate, except its key. */
export interface CertificateFacts {
  /** The file it came from, or another name for its source, for messages. */
  readonly source: string;
  /** PEM text, leaf first. */
  readonly certificateChain: string;
  /** SHA-256 of the certificate itself (DER), in hexadecimal. Messages identify it by this. */
  readonly fingerprint?: string;
  /** The DNS names it is for, lower case, wildcards as `*.example.org`. */
  readonly names: readonly string[];
  /** stud serves one certificate of each type for a name: `rsa`, `ec`, … */
  readonly keyType: string;
  /** The object identifier of its curve, for `ec` with a named one. */
  readonly curve?: string;
  /** PEM text of DH parameters. */
  readonly dhParameters?: string;
}

/** Further facts for the operator. */
interface OperatorFacts extends CertificateFacts {
  /** In readable form (RFC 4514), or the DNS names if it is empty. */
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** It names no OCSP responder, because it says nothing about its authority. */
  readonly namesNoResponder?: true;
  /** What the operator should know about its file; each remark names the file. */
  readonly remarks?: readonly string[];
}

/** A certificate with a matching key. */
export interface CheckedCertificate extends OperatorFacts {
  /** PEM text, or a `pkcs11:` URI. */
  readonly privateKey: string;
  /** Identifies the key. It is derived from the key, but reveals nothing about it. */
  readonly keyId?: string;
}

/** A certificate whose key must still be found, unless its own file contains one. */
export interface CertificateFile extends OperatorFacts {
  /** The SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** The key in the file itself. */
  readonly ownKey: PrivateKey | undefined;
  /** Everything in the file, for messages. */
  readonly blocks: readonly PemBlock[];
  /** What the file contains instead of a key, for the end of a line. */
  readonly insteadOfKey: string;
}

/**
 * Extracts the certificates (leaf first, then the chain) and the private key from PEM text and checks that they belong
 * together, as far as the platform knows the kind of key. Throws {@linkcode StartupError} that starts with `source`.
 */
export function checkCertificate(pem: string, source: string): CheckedCertificate {
  const file = readCertificate(pem, source);
  return withKey(file, file.ownKey);
}

/** What is known when one of many files is read. */
export interface AmongMany {
  /** Chain certificates that are not checked again; new ones are added. */
  readonly known?: Set<string> | undefined;
  /** Takes the keys that it understands; they are believed until the caller has asked it. */
  readonly stated?: StatedKeys | undefined;
}

/**
 * Parses PEM text like {@linkcode checkCertificate}, but without requiring a key. Throws {@linkcode StartupError}.
 */
export function readCertificate(
  pem: string,
  source: string,
  { known = new Set(), stated }: AmongMany = {},
): CertificateFile {
  const blocks = pemBlocks(pem, source);
  const certificates = blocks.filter((block) => block.label === "CERTIFICATE");
  const [first, ...chain] = certificates;
  if (first === undefined) {
    const instead = insteadOf(pem, blocks, source);
    const remedy = instead.endsWith(")") && blocks.some(isPrivateKey) ? PREPEND : "";
    throw new StartupError(`${source}: no certificate in it${instead}${remedy}`);
  }
  const leaf = parseCertificate(first, 1, source);
  chain.forEach((block, index) => {
    if (known.has(block.text)) return;
    parseCertificate(block, index + 2, source);
    known.add(block.text);
  });
  const key = blocks.find(isPrivateKey);
  const dhParameters = findDhParameters(blocks, source);
  const remarks = unreadBlocks(pem, blocks, source);
  const isPlain = blocks.every(({ label }) => label === "CERTIFICATE") && remarks.length === 0;
  return {
    source,
    certificateChain: certificates.map((block) => block.text).join(""),
    ...leaf,
    ...dhParameters === undefined ? {} : { dhParameters },
    ...remarks.length === 0 ? {} : { remarks },
    blocks,
    insteadOfKey: key !== undefined || isPlain ? "" : insteadOf(pem, blocks, source),
    ownKey: key &&
      (stated?.take(key, leaf.publicKey)
        ? statedKey(key, source, leaf.publicKey)
        : parsePrivateKey(key, source)),
  };
}

function statedKey({ line, text }: PemBlock, source: string, publicKey: Uint8Array): PrivateKey {
  return { source, line, text, algorithm: publicKeyAlgorithm(publicKey), publicKey };
}

/** Fields that are needed only until the key is found. */
type OfFile = "publicKey" | "ownKey" | "blocks" | "insteadOfKey";

/**
 * Combines a certificate with its key, whatever key its own file contains; with a `pkcs11:` URI nothing can be checked.
 * Throws {@linkcode StartupError} if there is no key or it does not match.
 */
export function withKey<File extends CertificateFile>(
  file: File,
  key: PrivateKey | undefined,
): Omit<File, OfFile> & Pick<CheckedCertificate, "privateKey" | "keyId"> {
  const { publicKey, ownKey: _, blocks: _blocks, insteadOfKey, ...certificate } = file;
  if (key === undefined) {
    throw new StartupError(
      `${file.source}: no private key in it${insteadOfKey}; give its key with --private-key FILE or ` +
        "append it: cat cert.pem key.pem > both.pem",
    );
  }
  if (keyBelongs(key, publicKey) === false) throw new StartupError(keyMismatch(file, key));
  const keyId = createHash("sha256").update(key.text).digest("hex");
  return { ...certificate, privateKey: key.text, keyId };
}

/** Extracts the certificates from PEM text, for example of authorities. Throws {@linkcode StartupError}. */
export function checkAuthorities(pem: string, source: string): string {
  const blocks = pemBlocks(pem, source);
  const certificates = blocks.filter(({ label }) => label === "CERTIFICATE");
  if (certificates.length === 0) {
    throw new StartupError(`${source}: no certificate in it${insteadOf(pem, blocks, source)}`);
  }
  certificates.forEach((block, index) => parseCertificate(block, index + 1, source));
  return certificates.map(({ text }) => text).join("");
}

/** What is wrong with the certificate's dates on a day, or undefined. Such a certificate is served anyway. */
export function dateWarning(certificate: CheckedCertificate, today: Date): string | undefined {
  const { notBefore, notAfter, source } = certificate;
  if (today > notAfter) {
    return `${source}: the certificate expired on ${notAfter.toISOString()}; clients will refuse it`;
  }
  if (today < notBefore) {
    return `${source}: the certificate is not valid before ${notBefore.toISOString()}`;
  }
  const days = Math.floor((notAfter.getTime() - today.getTime()) / 86_400_000);
  if (days < EXPIRY_DAYS[0]) {
    return `${source}: the certificate expires in ${
      counted(days, "day")
    }, on ${notAfter.toISOString()}`;
  }
  return undefined;
}

/** How many days before a certificate expires stud warns. */
export const EXPIRY_DAYS = [30, 7, 1] as const;

type ParsedCertificate = Pick<
  CertificateFile,
  | "fingerprint"
  | "subject"
  | "notBefore"
  | "notAfter"
  | "namesNoResponder"
  | "names"
  | "keyType"
  | "curve"
  | "publicKey"
>;

/** Parses all fields of one certificate at once, because damage may be in any field. */
function parseCertificate(block: PemBlock, number: number, source: string): ParsedCertificate {
  try {
    const der = pemBytes(block);
    checkDer(readDer(der));
    const certificate = Certificate.parse(der);
    const { notBefore, notAfter, publicKey } = certificate;
    const names = hostNames(certificate);
    const { type: keyType, curve } = publicKeyAlgorithm(publicKey);
    distinguishedName(certificate.issuer);
    return {
      fingerprint: createHash("sha256").update(der).digest("hex"),
      // A certificate may have only alternative names, and no subject.
      subject: distinguishedName(certificate.subject) ||
        names.map((name) => `DNS:${name}`).join(", "),
      notBefore,
      notAfter,
      ...certificate.extension(AUTHORITY_INFO_ACCESS) === undefined && { namesNoResponder: true },
      names,
      keyType,
      ...curve !== undefined && { curve },
      publicKey,
    };
  } catch (error) {
    const where = `certificate ${number} in it (line ${block.line})`;
    throw new StartupError(`${source}: ${where} is damaged${pemDamage(block)}`, { cause: error });
  }
}

/** RFC 5280 section 4.2.2.1. */
const AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
const PREPEND = "; put its certificate before the key: cat cert.pem key.pem > both.pem";
