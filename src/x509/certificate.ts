/**
 * An X.509 certificate (RFC 5280). Only this file parses its ASN.1, and only once. Other files interpret the fields:
 * names in certificate_names.ts, algorithms in key_algorithm.ts and certificate_algorithms.ts, signatures in
 * signature.ts. It validates nothing.
 */

import { derBits, type DerElement, DerFormatError, derIdentifier } from "./der.ts";
import { derSequence, DerTag, expectDer, readDer } from "./der.ts";
import { derTime } from "./der_time.ts";
import { parsePem, pemBytes } from "./pem.ts";

/** The parts of a certificate. All bytes are views of the parsed bytes. */
export class Certificate {
  /** What is signed. */
  readonly signed: Uint8Array;
  /** An AlgorithmIdentifier. */
  readonly signatureAlgorithm: DerElement;
  readonly signature: Uint8Array;
  /** The content of the INTEGER. */
  readonly serialNumber: Uint8Array;
  /** A name. */
  readonly issuer: DerElement;
  /** A name. */
  readonly subject: DerElement;
  /** The SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly #validity: DerElement;
  readonly #extensions: readonly Extension[];

  private constructor(der: Uint8Array) {
    const [data, algorithm, signature] = derSequence(readDer(der));
    const all = derSequence(data);
    // The version is omitted for version 1, which has no extensions either.
    const [serial, , issuer, validity, subject, publicKey, ...others] = all[0]?.tag === VERSION
      ? all.slice(1)
      : all;
    this.signed = data!.whole;
    this.signatureAlgorithm = expectDer(algorithm, DerTag.sequence);
    this.signature = derBits(signature);
    this.serialNumber = expectDer(serial, DerTag.integer).content;
    this.issuer = expectDer(issuer, DerTag.sequence);
    this.subject = expectDer(subject, DerTag.sequence);
    this.publicKey = expectDer(publicKey, DerTag.sequence).whole;
    this.#validity = expectDer(validity, DerTag.sequence);
    this.#extensions = others.filter(({ tag }) => tag === EXTENSIONS)
      .flatMap((field) => derSequence(field.children()[0]).map(parseExtension));
  }

  /** Parses one in DER. Throws {@linkcode DerFormatError}. */
  static parse(der: Uint8Array): Certificate {
    return new Certificate(der);
  }

  /** Parses the first block of PEM text, whatever its label. Throws {@linkcode DerFormatError} or `PemFormatError`. */
  static parsePem(pem: string): Certificate {
    const [block] = parsePem(pem);
    if (block === undefined) throw new DerFormatError("no certificate in it");
    return new Certificate(pemBytes(block));
  }

  /** Throws {@linkcode DerFormatError}. */
  get notBefore(): Date {
    return this.#time(0);
  }

  /** Throws {@linkcode DerFormatError}. */
  get notAfter(): Date {
    return this.#time(1);
  }

  /**
   * The value (DER) of the first extension with this object identifier, such as `2.5.29.17`; undefined if there is
   * none.
   */
  extension(identifier: string): Uint8Array | undefined {
    return this.#extensions.find((one) => one.identifier === identifier)?.value;
  }

  /** The same if there may be only one. Throws {@linkcode DerFormatError} if there are more. */
  onlyExtension(identifier: string): Uint8Array | undefined {
    const all = this.#extensions.filter((one) => one.identifier === identifier);
    if (all.length > 1) throw new DerFormatError(`more than one extension ${identifier}`);
    return all[0]?.value;
  }

  #time(index: number): Date {
    const time = this.#validity.children()[index];
    if (time === undefined) throw new DerFormatError("a field is missing");
    return derTime(time);
  }
}

interface Extension {
  readonly identifier: string;
  /** DER. */
  readonly value: Uint8Array;
}

function parseExtension(element: DerElement): Extension {
  const parts = derSequence(element);
  // Between identifier and value there may be a flag, critical.
  return {
    identifier: derIdentifier(parts[0]),
    value: expectDer(parts.at(-1), DerTag.octetString).content,
  };
}

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
