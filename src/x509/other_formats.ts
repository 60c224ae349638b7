/**
 * Recognizes files that should be PEM but have another format, and says how to convert them. It sees them as text, in
 * which bytes that are not text are U+FFFD. That is enough to recognize a format by its first bytes; it extracts
 * nothing.
 */

import { utf16Encoding } from "../wire/utf16_text.ts";

/** The format of a text without a PEM block, and how to convert it. `path` is the file, for commands. */
export function otherFormat(text: string, path: string): string {
  const file = inCommand(path);
  const encoding = utf16Encoding(text);
  if (encoding !== undefined) {
    return `is UTF-16 text; convert it: iconv -f ${encoding} -t UTF-8 ${file} > new.pem`;
  }
  const format = FORMATS.find(({ pattern }) => pattern.test(text));
  if (format !== undefined) return format.advice(file, text);
  return base64Format(text, file) ?? "not a PEM file (it has no -----BEGIN line)";
}

/** A path quoted for a shell. */
export function inCommand(path: string): string {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

interface Format {
  readonly pattern: RegExp;
  readonly advice: (file: string, text: string) => string;
}

/**
 * Tag and length of a SEQUENCE (X.690). In a length of several bytes, all but the first may have any value; two of them
 * may also form one character.
 */
const SEQUENCE = String.raw`0(?:\ufffd[^]{1,2}?|[^\ufffd])`;

function beginning(bytes: string, advice: Format["advice"]): Format {
  return { pattern: new RegExp(`^${bytes}`), advice };
}

function der(content: string, advice: Format["advice"]): Format {
  return beginning(`${SEQUENCE}${content}`, advice);
}

const AS_DER = (what: string, command: string, output: string) => (file: string) =>
  `is ${what} in DER, not PEM; convert it: openssl ${command} -inform DER -in ${file} -out ${output}`;

/** The first match counts. */
const FORMATS: readonly Format[] = [
  // Version 3 of RFC 7292.
  der("\\x02\\x01\\x03", (file, text) => {
    // RC2 with 40 bits, by the last bytes of its object identifier: OpenSSL 3 moved it to the legacy provider.
    const old = text.includes("\r\x01\x0c\x01\x06") ? " -legacy" : "";
    return `is PKCS #12, not PEM; convert it: openssl pkcs12${old} -in ${file} -out cert.pem -nodes`;
  }),
  // RFC 5958 and RFC 8017, in which the second field is a SEQUENCE or a number, and RFC 5915.
  der("\\x02\\x01[\\x00\\x01][0\\x02\\x04]", AS_DER("a key", "pkey", "key.pem")),
  // The content type signedData of RFC 5652, 1.2.840.113549.1.7.2.
  der(
    "\\x06\\x09\\*\\ufffdH\\ufffd\\ufffd\\r\\x01\\x07\\x02",
    (file) =>
      `is PKCS #7 in DER, not PEM; convert it: openssl pkcs7 -inform DER -print_certs -in ${file} -out certs.pem`,
  ),
  // Its first field is an algorithm, PBES2 or one of PKCS #5 or #12.
  der(
    `${SEQUENCE}\\x06[\\x09\\x0a]\\*\\ufffdH\\ufffd\\ufffd\\r\\x01[\\x05\\x0c]`,
    AS_DER("an encrypted key", "pkcs8", "key.pem"),
  ),
  // RFC 2986: version 0, then a name.
  der(
    `${SEQUENCE}\\x02\\x01\\x00${SEQUENCE}1`,
    () => "is a certificate request in DER; use the certificate that the authority issued for it",
  ),
  // RFC 5280: version 2 (written as 1), then an algorithm.
  der(`${SEQUENCE}\\x02\\x01\\x01${SEQUENCE}\\x06`, AS_DER("a revocation list", "crl", "crl.pem")),
  {
    pattern: /^0[\u0080-\uffff]/,
    advice: (file) =>
      `is DER, not PEM; convert it: openssl x509 -inform DER -in ${file} -out cert.pem`,
  },
  // JKS (FE ED FE ED) and JCEKS (CE CE CE CE), version 1 or 2.
  beginning(
    "\\ufffd{4}\\x00{3}[\\x01\\x02]",
    (file) =>
      `is a Java keystore, not PEM; convert it: keytool -importkeystore -srckeystore ${file} ` +
      "-destkeystore new.p12 -deststoretype pkcs12, then openssl pkcs12 -in new.p12 -out cert.pem -nodes",
  ),
  {
    pattern: /^PuTTY-User-Key-File-/,
    advice: (file) =>
      `is a PuTTY key, not PEM; convert it: puttygen ${file} -O private-openssh -o key.pem`,
  },
  {
    pattern: /^\s*<(?:!doctype\b|html\b|\?xml\b)/i,
    advice: () => "is a web page, not PEM; get the file itself",
  },
  beginning("PK\\x03\\x04", (file) => `is a ZIP archive; unpack it: unzip ${file}`),
  beginning("\\x1f\\ufffd\\x08", (file) => `is compressed; unpack it: gunzip ${file}`),
];

/** PEM without its boundary lines, or a PEM file that was base64-encoded again, as in a Kubernetes secret. */
function base64Format(text: string, file: string): string | undefined {
  if (!/^[A-Za-z0-9+/\s]+=*\s*$/.test(text)) return undefined;
  if (text.startsWith(ENCODED_BEGIN)) {
    return `is base64 of a PEM file; convert it: base64 -d ${file} > new.pem`;
  }
  if (!text.startsWith("MI")) return undefined;
  return "is base64 without its BEGIN and END lines; put -----BEGIN CERTIFICATE----- before it and " +
    "-----END CERTIFICATE----- after it, or PRIVATE KEY if it is one";
}

/** `-----BEGIN`, up to the last complete base64 character. */
const ENCODED_BEGIN = "LS0tLS1CRUdJ";
