/** OCSP responses, secrets of session tickets, and keys in files of their own. */

import { refusedOcspResponse, signedOcspResponse } from "../support/made_ocsp_responses.ts";
import { encoded, type Making, utf16 } from "./making.ts";
import { refused, type Row, served } from "./row.ts";

const DAY = 86_400_000;

async function response(
  it: Making,
  days: number,
  status: "good" | "revoked" = "good",
): Promise<Uint8Array> {
  const { certificate, pem } = await it.leaf();
  it.write("stapled.pem", pem + it.intermediate.certificate);
  return signedOcspResponse({
    about: certificate,
    issuer: it.intermediate.certificate,
    status,
    thisUpdate: new Date(Date.now() - 3 * DAY),
    nextUpdate: new Date(Date.now() + days * DAY),
  }, it.intermediate);
}

function pem(label: string, bytes: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${
    btoa(String.fromCharCode(...bytes))
  }\n-----END ${label}-----\n`;
}

const stapled: Row["args"] = (path, it) => {
  const block = `pem-file = { cert = "${it.folder}/stapled.pem" ocsp-resp-file = "${path}" }\n`;
  return [`--config=${it.folder}/${it.write("config", block)}`];
};

/** For OpenSSL only. */
export const OCSP_FILES: readonly Row[] = [
  { name: "ocsp", make: (it: Making) => response(it, 3), outcome: served() },
  {
    name: "ocsp-pem",
    make: async (it: Making) => pem("OCSP RESPONSE", await response(it, 3)),
    outcome: refused(
      "…/config:1:…: ocsp-resp-file $file: not an OCSP response in DER but one in PEM; convert it: sed /-----/d $file | base64 -d > new.der; it is named for …/stapled.pem",
    ),
  },
  {
    name: "ocsp-base64",
    make: async (it: Making) => btoa(String.fromCharCode(...await response(it, 3))),
    outcome: refused(
      "…/config:1:…: ocsp-resp-file $file: not an OCSP response in DER but base64; convert it: base64 -d $file > new.der; it is named for …/stapled.pem",
    ),
  },
  {
    name: "ocsp-expired",
    make: (it: Making) => response(it, -1),
    outcome: served(
      "$file: the OCSP response expired on …; nothing is stapled for …/stapled.pem",
    ),
  },
  {
    name: "ocsp-revoked",
    make: (it: Making) => response(it, 3, "revoked"),
    outcome: refused(
      "…/config:1:…: ocsp-resp-file $file: the OCSP response says that the certificate is revoked; it is named for …/stapled.pem",
    ),
  },
  {
    name: "ocsp-of-another",
    make: async (it: Making) => {
      const bytes = await response(it, 3);
      await response(it, 3);
      return bytes;
    },
    outcome: refused(
      "…/config:1:…: ocsp-resp-file $file: the OCSP response is not about this certificate (serial number …); it is named for …/stapled.pem",
    ),
  },
  {
    name: "ocsp-refusal",
    make: async (it: Making) => {
      await response(it, 3);
      return refusedOcspResponse(6);
    },
    outcome: refused(
      "…/config:1:…: ocsp-resp-file $file: the OCSP responder refused to answer (unauthorized, status 6); it is named for …/stapled.pem",
    ),
  },
  {
    name: "ocsp-html",
    make: async (it: Making) => {
      await response(it, 3);
      return "<html>404</html>";
    },
    outcome: refused(
      "…/config:1:…: ocsp-resp-file $file: not an OCSP response in DER; openssl ocsp -respout writes one; it is named for …/stapled.pem",
    ),
  },
  {
    name: "ocsp-is-a-certificate",
    make: async (it: Making) => {
      await response(it, 3);
      return it.root.certificate;
    },
    outcome: refused(
      "…/config:1:…: ocsp-resp-file $file: not an OCSP response in DER; openssl ocsp -respout writes one; it is named for …/stapled.pem",
    ),
  },
  {
    name: "ocsp-is-a-request",
    make: async (it: Making) => {
      await response(it, 3);
      it.write("i", it.intermediate.certificate);
      return await it.openssl("ocsp -issuer i -cert stapled.pem -reqout /dev/stdout");
    },
    outcome: refused(
      "…/config:1:…: ocsp-resp-file $file: not an OCSP response in DER; it is named for …/stapled.pem",
    ),
  },
  {
    name: "ocsp-empty",
    make: async (it: Making) => {
      await response(it, 3);
      return "";
    },
    outcome: refused(
      "…/config:1:…: ocsp-resp-file $file: the file is empty; it is named for …/stapled.pem",
    ),
  },
  {
    name: "ocsp-truncated",
    make: async (it: Making) => (await response(it, 3)).subarray(0, 100),
    outcome: refused(
      "…/config:1:…: ocsp-resp-file $file: not an OCSP response in DER; it is named for …/stapled.pem",
    ),
  },
].map((row) => ({ ...row, args: stapled }));

const secret: Row["args"] = async (path, it) => [`--ticket-secret=${path}`, await it.site()];

/** For OpenSSL only. */
export const SECRETS: readonly Row[] = [
  { name: "secret", make: () => crypto.getRandomValues(new Uint8Array(48)), outcome: served() },
  { name: "secret-hex", make: (it: Making) => it.openssl("rand -hex 48"), outcome: served() },
  {
    name: "secret-base64-crlf",
    make: () => `${btoa("x".repeat(20) + "y".repeat(20))}\r\n`,
    outcome: served(),
  },
  {
    name: "secret-of-80",
    make: () => crypto.getRandomValues(new Uint8Array(80)),
    outcome: served(),
  },
  {
    name: "secret-empty",
    make: () => "",
    outcome: refused(
      "--ticket-secret $file: a ticket secret needs at least 32 bytes, and this one has 0; make one with: openssl rand 48 > $file",
    ),
  },
  {
    name: "secret-short",
    make: () => "12345678901234567890123456789012".slice(1),
    outcome: refused(
      "--ticket-secret $file: a ticket secret needs at least 32 bytes, and this one has 31; make one with: openssl rand 48 > $file",
    ),
  },
  {
    name: "secret-short-by-newline",
    make: () => "1234567890123456789012345678901\n",
    outcome: refused(
      "--ticket-secret $file: a ticket secret needs at least 32 bytes, and this one has 31, the newline at its end not counted; make one with: openssl rand 48 > $file",
    ),
  },
  {
    name: "secret-zeros",
    make: () => new Uint8Array(48),
    outcome: refused(
      "--ticket-secret $file: this ticket secret repeats one byte, which anyone can guess; make one with: openssl rand 48 > $file",
    ),
  },
  {
    name: "secret-utf-16",
    make: () => utf16("0123456789abcdef0123456789abcdef"),
    outcome: served(),
  },
].map((row) => ({ ...row, args: secret }));

const keyFile: Row["args"] = async (path, it) => [
  `--private-key=${path}`,
  `${it.folder}/${it.write("certificate", await Deno.readTextFile(`${it.folder}/public`))}`,
];

async function keyFor(it: Making): Promise<string> {
  const { certificate, key } = await it.leaf();
  it.write("public", certificate);
  return key;
}

/** Keys in files of their own. */
export const KEY_FILES: readonly Row[] = [
  { name: "key-file", make: (it: Making) => keyFor(it), outcome: served() },
  {
    name: "key-file-crlf-bom",
    make: async (it: Making) => `\ufeff${await keyFor(it)}`.replaceAll("\n", "\r\n"),
    outcome: served(),
  },
  {
    name: "key-file-of-another",
    make: async (it: Making) => {
      const key = await keyFor(it);
      await keyFor(it);
      return key;
    },
    outcome: refused(
      "--private-key $file: the private key (line 1) belongs to no certificate that lacks a key; remove it, or give its certificate",
    ),
  },
  {
    name: "key-file-is-the-certificate",
    make: async (it: Making) => {
      await keyFor(it);
      return it.root.certificate;
    },
    outcome: refused("--private-key $file: no private key in it, only CERTIFICATE (line 1)"),
  },
  {
    name: "key-file-encrypted",
    make: async (it: Making) =>
      await it.opensslText("pkcs8 -topk8 -passout pass:corpus", await keyFor(it)),
    outcome: refused(
      "--private-key $file: the private key (line 1) is encrypted; remove its passphrase: openssl pkey -in $file -out key.pem",
    ),
  },
  {
    name: "key-file-der",
    make: async (it: Making) => await it.openssl("pkey -outform DER", await keyFor(it)),
    outcome: refused(
      "--private-key $file: is a key in DER, not PEM; convert it: openssl pkey -inform DER -in $file -out key.pem",
    ),
  },
  {
    name: "key-file-putty",
    make: async (it: Making) => {
      await keyFor(it);
      return "PuTTY-User-Key-File-2: ssh-rsa\r\nEncryption: none\r\n";
    },
    outcome: refused(
      "--private-key $file: is a PuTTY key, not PEM; convert it: puttygen $file -O private-openssh -o key.pem",
    ),
  },
  {
    name: "key-file-openssh",
    make: async (it: Making) => {
      await keyFor(it);
      return pem("OPENSSH PRIVATE KEY", encoded("openssh-key-v1\0\0\0\0\x04none"));
    },
    outcome: refused(
      "--private-key $file: the private key (line 1) is in OpenSSH's own format; convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY",
    ),
  },
  {
    name: "key-file-of-ec-parameters-only",
    make: async (it: Making) => {
      await keyFor(it);
      return await it.opensslText("ecparam -name prime256v1");
    },
    outcome: refused("--private-key $file: no private key in it, only EC PARAMETERS (line 1)"),
  },
  {
    name: "key-file-empty",
    make: async (it: Making) => {
      await keyFor(it);
      return "";
    },
    outcome: refused("--private-key $file: the file is empty"),
  },
].map((row) => ({ ...row, args: keyFile }));
