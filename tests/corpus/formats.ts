/** Files that are no PEM, and paths that are no files. */

import { encoded } from "./making.ts";
import { refused, type Row, served } from "./row.ts";

/** One row for each format. */
export const FORMATS: readonly Row[] = [
  { name: "empty", make: () => Promise.resolve(""), outcome: refused("$file: the file is empty") },
  {
    name: "blank",
    make: () => Promise.resolve("\n \r\n\n"),
    outcome: refused("$file: the file is empty"),
  },
  {
    name: "html",
    make: () =>
      Promise.resolve("<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>\n"),
    outcome: refused("$file: is a web page, not PEM; get the file itself"),
  },
  {
    name: "json",
    make: () => Promise.resolve('{"error": "no such secret"}\n'),
    outcome: refused("$file: not a PEM file (it has no -----BEGIN line)"),
  },
  {
    name: "base64-without-begin",
    make: async (it) => (await it.leaf()).certificate.replaceAll(/-----.*\n/g, ""),
    outcome: refused(
      "$file: is base64 without its BEGIN and END lines; put -----BEGIN CERTIFICATE----- before it and -----END CERTIFICATE----- after it, or PRIVATE KEY if it is one",
    ),
  },
  {
    name: "base64-of-the-file",
    make: async (it) => btoa((await it.leaf()).pem),
    outcome: refused("$file: is base64 of a PEM file; convert it: base64 -d $file > new.pem"),
  },
  {
    name: "certificate-in-der",
    make: async (it) => await it.openssl("x509 -outform DER", (await it.leaf()).certificate),
    outcome: refused(
      "$file: is DER, not PEM; convert it: openssl x509 -inform DER -in $file -out cert.pem",
    ),
  },
  {
    name: "key-in-der",
    make: async (it) => await it.openssl("pkey -outform DER", (await it.leaf()).key),
    outcome: refused(
      "$file: is a key in DER, not PEM; convert it: openssl pkey -inform DER -in $file -out key.pem",
    ),
  },
  {
    name: "key-in-der-rsa",
    make: async (it) =>
      await it.openssl("rsa -traditional -outform DER", (await it.leaf({ keyType: "rsa" })).key),
    outcome: refused(
      "$file: is a key in DER, not PEM; convert it: openssl pkey -inform DER -in $file -out key.pem",
    ),
  },
  {
    name: "key-in-der-ec",
    make: async (it) => await it.openssl("ec -outform DER", (await it.leaf()).key),
    outcome: refused(
      "$file: is a key in DER, not PEM; convert it: openssl pkey -inform DER -in $file -out key.pem",
    ),
  },
  {
    name: "key-in-der-ed25519",
    make: async (it) => await it.openssl("genpkey -algorithm ed25519 -outform DER"),
    outcome: refused(
      "$file: is a key in DER, not PEM; convert it: openssl pkey -inform DER -in $file -out key.pem",
    ),
  },
  {
    name: "key-in-der-encrypted",
    make: async (it) =>
      await it.openssl("pkcs8 -topk8 -outform DER -passout pass:corpus", (await it.leaf()).key),
    outcome: refused(
      "$file: is an encrypted key in DER, not PEM; convert it: openssl pkcs8 -inform DER -in $file -out key.pem",
    ),
  },
  {
    name: "request-in-der",
    make: async (it) => {
      it.write("key", (await it.leaf()).key);
      return await it.openssl("req -new -key key -subj /CN=x -outform DER");
    },
    outcome: refused(
      "$file: is a certificate request in DER; use the certificate that the authority issued for it",
    ),
  },
  {
    name: "pkcs7-in-der",
    make: async (it) => {
      it.write("certificate", (await it.leaf()).certificate);
      return await it.openssl("crl2pkcs7 -nocrl -certfile certificate -outform DER");
    },
    outcome: refused(
      "$file: is PKCS #7 in DER, not PEM; convert it: openssl pkcs7 -inform DER -print_certs -in $file -out certs.pem",
    ),
  },
  {
    name: "revocation-list-in-der",
    make: async (it) => await it.openssl("crl -outform DER", await it.intermediate.revoke(["01"])),
    outcome: refused(
      "$file: is a revocation list in DER, not PEM; convert it: openssl crl -inform DER -in $file -out crl.pem",
    ),
  },
  {
    name: "pkcs12",
    make: async (it) => {
      it.write("pem", (await it.leaf()).pem);
      return await it.openssl("pkcs12 -export -in pem -passout pass:corpus");
    },
    outcome: refused(
      "$file: is PKCS #12, not PEM; convert it: openssl pkcs12 -in $file -out cert.pem -nodes",
    ),
  },
  {
    name: "pkcs12-without-encryption",
    make: async (it) => {
      it.write("pem", (await it.leaf()).pem);
      return await it.openssl("pkcs12 -export -in pem -keypbe NONE -certpbe NONE -passout pass:");
    },
    outcome: refused(
      "$file: is PKCS #12, not PEM; convert it: openssl pkcs12 -in $file -out cert.pem -nodes",
    ),
  },
  {
    name: "java-keystore",
    make: () =>
      Promise.resolve(Uint8Array.of(0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1)),
    outcome: refused(
      "$file: is a Java keystore, not PEM; convert it: keytool -importkeystore -srckeystore $file -destkeystore new.p12 -deststoretype pkcs12, then openssl pkcs12 -in new.p12 -out cert.pem -nodes",
    ),
  },
  {
    name: "putty-key",
    make: () =>
      Promise.resolve(
        "PuTTY-User-Key-File-3: ssh-rsa\r\nEncryption: none\r\nComment: x\r\nPublic-Lines: 1\r\nAAAA\r\n",
      ),
    outcome: refused(
      "$file: is a PuTTY key, not PEM; convert it: puttygen $file -O private-openssh -o key.pem",
    ),
  },
  {
    name: "openpgp",
    make: () =>
      Promise.resolve(
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEAAAA\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n",
      ),
    outcome: refused("$file: no certificate in it, only PGP PUBLIC KEY BLOCK (line 1)"),
  },
  {
    name: "zip",
    make: () =>
      Promise.resolve(Uint8Array.of(...encoded("PK\x03\x04\x14\0\0\0\x08\0"), 0x80, 0xff, 0)),
    outcome: refused("$file: is a ZIP archive; unpack it: unzip $file"),
  },
  {
    name: "gzip",
    make: () => Promise.resolve(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)),
    outcome: refused("$file: is compressed; unpack it: gunzip $file"),
  },
  {
    name: "zeros",
    make: () => Promise.resolve(new Uint8Array(4096)),
    outcome: refused("$file: not a PEM file (it has no -----BEGIN line)"),
  },
  {
    name: "directory",
    make: (_, path) => Deno.mkdirSync(path) as undefined,
    outcome: refused("$file: is a directory, not a file"),
  },
  {
    name: "missing",
    make: () => undefined,
    outcome: refused("$file: no such file"),
  },
  {
    name: "symbolic-link",
    make: async (it, path) => {
      Deno.symlinkSync(await it.site(), path);
      return undefined;
    },
    outcome: served(),
  },
  {
    name: "symbolic-link-to-nothing",
    make: (_, path) => Deno.symlinkSync("gone", path) as undefined,
    outcome: refused("$file: no such file"),
  },
  {
    name: "symbolic-link-to-itself",
    make: (_, path) => Deno.symlinkSync(path, path) as undefined,
    outcome: refused("$file: is a symbolic link to itself"),
  },
  {
    name: "named-pipe",
    make: async (_, path) => {
      await new Deno.Command("mkfifo", { args: [path] }).output();
      return undefined;
    },
    outcome: refused("$file: is a named pipe, not a file"),
  },
  {
    name: "blank-in-its-path",
    make: async (it, path) => {
      const name = `${it.folder}/it's here.pem`;
      Deno.writeFileSync(
        name,
        await it.openssl("x509 -outform DER", (await it.leaf()).certificate),
      );
      Deno.symlinkSync(name, path);
      return undefined;
    },
    args: (_, it) => [`${it.folder}/it's here.pem`],
    outcome: refused(
      "…/it's here.pem: is DER, not PEM; convert it: openssl x509 -inform DER -in '…/it'\\''s here.pem' -out cert.pem",
    ),
  },
];
