/** A certificate authority of a test's own, and the certificates it issues, valid today. */

import "reflect-metadata"; // A dependency of the library insists on it.
import * as x509 from "@peculiar/x509";
import { madeKeys } from "./made_certificates.ts";
import { type PemFile, pemFile } from "./certificates.ts";

x509.cryptoProvider.set(crypto);

/** What is to be issued. */
export interface Order {
  /**
   * subjectAltName: DNS names, and addresses behind `ip:`, URIs behind `uri:`, mail addresses behind `email:`. Empty:
   * the common name alone names it.
   */
  readonly names?: readonly string[];
  /** Default: the first of the names. */
  readonly commonName?: string;
  /** Instead of a subject that is one common name. */
  readonly subject?: x509.JsonName;
  /** Default: `ec`, P-256. All certificates of `rsa` have one key: it takes long to make. */
  readonly keyType?: "rsa" | "ec";
  /** In hexadecimal. */
  readonly serialNumber?: string;
  /** URL of an OCSP responder, or several. */
  readonly responders?: readonly string[];
  /** Extended key usage: whether it is for signing OCSP responses. */
  readonly isOcspSigner?: boolean;
  /** Days from now until it expires; it began a day earlier, or 30 days ago if it has expired. */
  readonly days?: number;
}

/** What was issued, as PEM text. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
  /** Both in one. */
  readonly pem: string;
}

/** Issues certificates. */
export class Authority {
  /** Its private key, PEM text. */
  readonly key: string;
  readonly #keys: CryptoKeyPair;
  readonly #root: x509.X509Certificate;

  private constructor(keys: CryptoKeyPair, key: string, root: x509.X509Certificate) {
    this.key = key;
    this.#keys = keys;
    this.#root = root;
  }

  /** Makes an authority. */
  static async make(commonName = "Test Authority"): Promise<Authority> {
    const keys = await madeKeys("ec");
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: "01",
      name: [{ CN: [commonName] }],
      keys,
      ...await authorityFields(keys),
    });
    return new Authority(keys, await keyText(keys), root);
  }

  /** The authority's own certificate, PEM text. */
  get certificate(): string {
    return `${this.#root.toString("pem")}\n`;
  }

  /** Issues a certificate for an authority below this one. */
  async authority(commonName: string): Promise<Authority> {
    const keys = await madeKeys("ec");
    const root = await x509.X509CertificateGenerator.create({
      serialNumber: nextSerialNumber(),
      subject: [{ CN: [commonName] }],
      issuer: this.#root.subject,
      signingKey: this.#keys.privateKey,
      publicKey: keys.publicKey,
      ...await authorityFields(keys),
    });
    return new Authority(keys, await keyText(keys), root);
  }

  async issue(order: Order): Promise<Issued> {
    const { names = [], commonName = names[0] ?? "", keyType = "ec", serialNumber, days = 90 } =
      order;
    const { responders = [], isOcspSigner = false, subject } = order;
    const keys = keyType === "rsa" ? await (rsaKeys ??= madeKeys("rsa")) : await madeKeys("ec");
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber ?? nextSerialNumber(),
      subject: subject ?? [{ CN: [commonName] }],
      issuer: this.#root.subject,
      notBefore: daysFromNow(days < 0 ? -30 : -1),
      notAfter: daysFromNow(days),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: SIGNING,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        ...responders.length === 0 ? [] : [
          new x509.AuthorityInfoAccessExtension({
            ocsp: responders.map((value) => new x509.GeneralName("url", value)),
          }),
        ],
        ...isOcspSigner ? [new x509.ExtendedKeyUsageExtension([OCSP_SIGNING])] : [],
        ...names.length === 0 ? [] : [
          new x509.SubjectAlternativeNameExtension(names.map(generalName)),
        ],
      ],
    });
    const text = `${certificate.toString("pem")}\n`;
    const key = await keyText(keys);
    return { certificate: text, key, pem: text + key };
  }

  /** A revocation list (PEM text) with these serial numbers, in hexadecimal, for so many days from now. */
  async revoke(
    serialNumbers: readonly string[],
    { days = 30, isDelta = false }: { days?: number; isDelta?: boolean } = {},
  ): Promise<string> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#root.subject,
      thisUpdate: daysFromNow(days < 0 ? -30 : -1),
      nextUpdate: daysFromNow(days),
      entries: serialNumbers.map((serialNumber) => ({ serialNumber })),
      signingKey: this.#keys.privateKey,
      signingAlgorithm: SIGNING,
      extensions: isDelta ? [new x509.Extension("2.5.29.27", true, Uint8Array.of(2, 1, 1))] : [],
    });
    return `${list.toString("pem").replaceAll(" CRL-", " X509 CRL-")}\n`;
  }

  /** Issues a certificate and puts it into a file with its key. */
  async file(order: Order): Promise<PemFile> {
    return pemFile((await this.issue(order)).pem);
  }
}

function generalName(name: string): { type: x509.GeneralNameType; value: string } {
  const [, kind, value] = /^(ip|uri|email):(.*)$/s.exec(name) ?? [];
  if (value === undefined) return { type: "dns", value: name };
  return { type: kind === "uri" ? "url" : kind as "ip" | "email", value };
}

async function keyText({ privateKey }: CryptoKeyPair): Promise<string> {
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", privateKey);
  return `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`;
}

async function authorityFields(keys: CryptoKeyPair) {
  return {
    notBefore: daysFromNow(-60),
    notAfter: daysFromNow(365),
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  };
}

let rsaKeys: Promise<CryptoKeyPair> | undefined;

let serialNumbers = 0x1000;

function nextSerialNumber(): string {
  return (++serialNumbers).toString(16);
}

function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}

/** id-kp-OCSPSigning. */
const OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
const SIGNING = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
