/** Files of authorities whose clients may connect, and of revocation lists. */

import { Authority } from "../support/authority.ts";
import { type Making, relabelled, utf16 } from "./making.ts";
import { refused, type Row, served } from "./row.ts";

const ca: Row["args"] = async (path, it) => [
  "--client-verify=required",
  `--client-verify-ca=${path}`,
  await it.site(),
];

const list: Row["args"] = async (path, it) => [
  "--client-verify=required",
  `--client-verify-ca=${it.folder}/${it.write("ca", it.root.certificate)}`,
  `--client-verify-crl=${path}`,
  await it.site(),
];

/** For OpenSSL only: rustls asks no client for a certificate. */
export const CLIENT_FILES: readonly Row[] = [
  ...[
    { name: "ca", make: (it: Making) => it.root.certificate, outcome: served() },
    {
      name: "ca-crlf-bom",
      make: (it: Making) => `\ufeff${it.root.certificate}`.replaceAll("\n", "\r\n"),
      outcome: served(),
    },
    {
      name: "ca-and-intermediate",
      make: (it: Making) => it.root.certificate + it.intermediate.certificate,
      outcome: served(),
    },
    {
      name: "ca-trusted",
      make: (it: Making) =>
        it.opensslText("x509 -trustout -addtrust clientAuth", it.root.certificate),
      outcome: served(),
    },
    {
      name: "ca-bundle-with-comments",
      make: (it: Making) =>
        `# Corpus Root\n${it.root.certificate}\n=====\n${it.intermediate.certificate}`,
      outcome: served(),
    },
    {
      name: "ca-with-revocation-list",
      make: async (it: Making) => it.root.certificate + await it.root.revoke([]),
      outcome: served(),
    },
    {
      name: "ca-der",
      make: (it: Making) => it.openssl("x509 -outform DER", it.root.certificate),
      outcome: refused(
        "--client-verify-ca $file: is DER, not PEM; convert it: openssl x509 -inform DER -in $file -out cert.pem",
      ),
    },
    {
      name: "ca-empty",
      make: () => "",
      outcome: refused("--client-verify-ca $file: the file is empty"),
    },
    {
      name: "ca-utf-16",
      make: (it: Making) => utf16(it.root.certificate),
      outcome: refused(
        "--client-verify-ca $file: is UTF-16 text; convert it: iconv -f UTF-16LE -t UTF-8 $file > new.pem",
      ),
    },
    {
      name: "ca-is-a-key",
      make: async (it: Making) => (await it.leaf()).key,
      outcome: refused("--client-verify-ca $file: no certificate in it, only PRIVATE KEY (line 1)"),
    },
    {
      name: "ca-six-dashes",
      make: (it: Making) => `-${it.root.certificate}`,
      outcome: refused(
        "--client-verify-ca $file: line 1 is no -----BEGIN line: those have five dashes on each side and nothing else",
      ),
    },
    {
      name: "ca-six-dashes-second",
      make: (it: Making) => `${it.root.certificate}-${it.intermediate.certificate}`,
      outcome: served(
        "$file: line # is no -----BEGIN line: those have five dashes on each side and nothing else; what follows it is not read",
      ),
    },
    {
      name: "ca-truncated",
      make: (it: Making) => it.root.certificate.slice(0, 300),
      outcome: refused(
        "--client-verify-ca $file: the CERTIFICATE block of line 1 has no end (the file is truncated)",
      ),
    },
    {
      name: "ca-damaged-second",
      make: (it: Making) => it.root.certificate + it.intermediate.certificate.replace("\nM", "\nN"),
      outcome: refused("--client-verify-ca $file: certificate 2 in it (line #) is damaged"),
    },
    {
      name: "ca-pkcs7",
      make: (it: Making) => {
        it.write("c", it.root.certificate);
        return it.opensslText("crl2pkcs7 -nocrl -certfile c");
      },
      outcome: refused(
        "--client-verify-ca $file: no certificate in it, only PKCS7 (line 1); convert it: openssl pkcs7 -print_certs -in $file -out certs.pem",
      ),
    },
    {
      name: "ca-is-a-leaf",
      make: async (it: Making) => (await it.leaf()).certificate,
      outcome: refused(
        "--client-verify-ca $file: the certificate in it is signed by others, so no client's certificate can be verified; append the self-signed certificate of the root authority",
      ),
    },
  ].map((row) => ({ ...row, args: ca })),
  ...[
    { name: "list", make: (it: Making) => it.root.revoke(["01"]), outcome: served() },
    {
      name: "list-der",
      make: async (it: Making) => it.openssl("crl -outform DER", await it.root.revoke(["01"])),
      outcome: served(),
    },
    {
      name: "list-as-crl",
      make: async (it: Making) => relabelled(await it.root.revoke([]), "CRL"),
      outcome: served(),
    },
    {
      name: "list-crlf-bom",
      make: async (it: Making) => `\ufeff${await it.root.revoke([])}`.replaceAll("\n", "\r\n"),
      outcome: served(),
    },
    {
      name: "list-expired",
      make: (it: Making) => it.root.revoke([], { days: -2 }),
      outcome: served(
        "$file: the revocation list of CN=Corpus Root expired on …; its certificates are refused",
      ),
    },
    {
      name: "list-of-another",
      make: async () => (await Authority.make("Another Authority")).revoke([]),
      outcome: refused(
        "--client-verify-crl $file: revocation list 1 in it, of CN=Another Authority, is from none of the authorities in …/ca",
      ),
    },
    {
      name: "list-of-namesake",
      make: async () => (await Authority.make("Corpus Root")).revoke([]),
      outcome: refused(
        "--client-verify-crl $file: revocation list 1 in it, of CN=Corpus Root, was not signed by the key that …/ca has for that authority",
      ),
    },
    {
      name: "list-delta",
      make: (it: Making) => it.root.revoke([], { isDelta: true }),
      outcome: refused(
        "--client-verify-crl $file: revocation list 1 in it, of CN=Corpus Root, has changes only (a delta CRL); give the whole list",
      ),
    },
    {
      name: "list-is-a-certificate",
      make: (it: Making) => it.root.certificate,
      outcome: refused(
        "--client-verify-crl $file: no revocation list in it, only CERTIFICATE (line 1); it must be DER, or PEM with -----BEGIN X509 CRL-----",
      ),
    },
    {
      name: "list-is-a-certificate-in-der",
      make: (it: Making) => it.openssl("x509 -outform DER", it.root.certificate),
      outcome: refused("--client-verify-crl $file: is a certificate in DER, not a revocation list"),
    },
    {
      name: "list-empty",
      make: () => "",
      outcome: refused("--client-verify-crl $file: the file is empty"),
    },
    {
      name: "list-html",
      make: () => "<html><body>404</body></html>",
      outcome: refused("--client-verify-crl $file: is a web page, not PEM; get the file itself"),
    },
    {
      name: "list-utf-16",
      make: async (it: Making) => utf16(await it.root.revoke([])),
      outcome: refused(
        "--client-verify-crl $file: is UTF-16 text; convert it: iconv -f UTF-16LE -t UTF-8 $file > new.pem",
      ),
    },
    {
      name: "list-truncated",
      make: async (it: Making) => (await it.root.revoke(["01"])).slice(0, 200),
      outcome: refused(
        "--client-verify-crl $file: the X509 CRL block of line 1 has no end (the file is truncated)",
      ),
    },
    {
      name: "list-der-truncated",
      make: async (it: Making) =>
        (await it.openssl("crl -outform DER", await it.root.revoke(["01"]))).subarray(0, 100),
      outcome: refused("--client-verify-crl $file: revocation list 1 in it is damaged"),
    },
    {
      name: "list-der-garbage-behind",
      make: async (it: Making) =>
        Uint8Array.of(...await it.openssl("crl -outform DER", await it.root.revoke(["01"])), 10),
      outcome: refused("--client-verify-crl $file: revocation list 1 in it is damaged"),
    },
    {
      name: "list-six-dashes",
      make: async (it: Making) => `-${await it.root.revoke(["01"])}`,
      outcome: refused(
        "--client-verify-crl $file: line 1 is no -----BEGIN line: those have five dashes on each side and nothing else",
      ),
    },
  ].map((row) => ({ ...row, args: list })),
];
