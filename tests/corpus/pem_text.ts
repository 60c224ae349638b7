/** Certificates and keys that are sound, in PEM text that is more or less so (RFC 7468 section 2). */

import { encoded, relabelled, utf16, wrapped } from "./making.ts";
import { refused, type Row, served } from "./row.ts";

/** One row for each way in which PEM text comes. */
export const PEM_TEXT: readonly Row[] = [
  {
    name: "ordinary",
    make: async (it) => (await it.leaf()).pem,
    outcome: served(),
  },
  {
    name: "not-wrapped",
    make: async (it) => wrapped((await it.leaf()).pem, 100_000),
    outcome: served(),
  },
  {
    name: "wrapped-at-76",
    make: async (it) => wrapped((await it.leaf()).pem, 76),
    outcome: served(),
  },
  {
    name: "wrapped-at-1",
    make: async (it) => wrapped((await it.leaf()).pem, 1),
    outcome: served(),
  },
  {
    name: "blank-line-after-begin",
    make: async (it) => (await it.leaf()).pem.replace(/(-----BEGIN .*\n)/g, "$1\n"),
    outcome: served(),
  },
  {
    name: "blank-lines-everywhere",
    make: async (it) => (await it.leaf()).pem.replaceAll("\n", "\n\n"),
    outcome: served(),
  },
  {
    name: "trailing-spaces",
    make: async (it) => (await it.leaf()).pem.replaceAll("\n", "  \n"),
    outcome: served(),
  },
  {
    name: "indented-by-tabs",
    make: async (it) => (await it.leaf()).pem.replaceAll(/^/gm, "\t"),
    outcome: served(),
  },
  {
    name: "tabs-at-ends",
    make: async (it) => (await it.leaf()).pem.replaceAll("\n", "\t\n"),
    outcome: served(),
  },
  {
    name: "crlf",
    make: async (it) => (await it.leaf()).pem.replaceAll("\n", "\r\n"),
    outcome: served(),
  },
  {
    name: "cr-only",
    make: async (it) => (await it.leaf()).pem.replaceAll("\n", "\r"),
    outcome: served(),
  },
  {
    name: "no-last-line-feed",
    make: async (it) => (await it.leaf()).pem.trimEnd(),
    outcome: served(),
  },
  {
    name: "utf-8-bom",
    make: async (it) => `\ufeff${(await it.leaf()).pem}`,
    outcome: served(),
  },
  {
    name: "bom-before-each-part",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return `\ufeff${certificate}\ufeff${key}`;
    },
    outcome: served(),
  },
  {
    name: "utf-16-le",
    make: async (it) => utf16((await it.leaf()).pem),
    outcome: refused(
      "$file: is UTF-16 text; convert it: iconv -f UTF-16LE -t UTF-8 $file > new.pem",
    ),
  },
  {
    name: "utf-16-be",
    make: async (it) => utf16((await it.leaf()).pem, { bigEndian: true }),
    outcome: refused(
      "$file: is UTF-16 text; convert it: iconv -f UTF-16BE -t UTF-8 $file > new.pem",
    ),
  },
  {
    name: "nul-within-base64",
    make: async (it) => (await it.leaf()).pem.replace("\nM", "\n\0M"),
    outcome: refused("$file: certificate 1 in it (line 1) is damaged: line 2 is not base64"),
  },
  {
    name: "nul-bytes-at-the-end",
    make: async (it) => `${(await it.leaf()).pem}${"\0".repeat(100)}`,
    outcome: served(),
  },
  {
    name: "garbage-at-the-end",
    make: async (it) => `${(await it.leaf()).pem}%PDF-1.4 \u0001\u0002 -- \n===\n`,
    outcome: served(),
  },
  {
    name: "bytes-that-are-no-text-at-the-end",
    make: async (it) =>
      Uint8Array.of(...encoded((await it.leaf()).pem), ...[0xff, 0xfe, 0x80, 0x00, 0x1a]),
    outcome: served(),
  },
  {
    name: "bag-attributes",
    make: async (it) => {
      const { pem } = await it.leaf();
      it.write("pem", pem);
      await it.openssl("pkcs12 -export -in pem -out p12 -passout pass: -name corpus");
      return await it.opensslText("pkcs12 -in p12 -passin pass: -nodes");
    },
    outcome: served(),
  },
  {
    name: "text-of-the-certificate-before-it",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return await it.opensslText("x509 -text", certificate) + key;
    },
    outcome: served(),
  },
  {
    name: "comments-before-and-after",
    make: async (it) => `# my certificate\n${(await it.leaf()).pem}# the end\n`,
    outcome: served(),
  },
  {
    name: "comments-within-a-block",
    make: async (it) => (await it.leaf()).pem.replace("\n", "\n# my certificate\n"),
    outcome: refused("$file: certificate 1 in it (line 1) is damaged: line 2 is not base64"),
  },
  {
    name: "only-comments",
    make: () => Promise.resolve("# put the certificate here\n# and its key\n"),
    outcome: refused("$file: not a PEM file (it has no -----BEGIN line)"),
  },
  {
    name: "end-without-begin",
    make: async (it) => `-----END CERTIFICATE-----\n${(await it.leaf()).pem}`,
    outcome: served(),
  },
  {
    name: "six-dashes-before-certificate",
    make: async (it) => (await it.leaf()).pem.replace("-----BEGIN", "------BEGIN"),
    outcome: refused(
      "$file: no certificate in it; line 1 is no -----BEGIN line: those have five dashes on each side and nothing else",
    ),
  },
  {
    name: "six-dashes-before-key",
    make: async (it) => (await it.leaf()).pem.replace("-----BEGIN P", "------BEGIN P"),
    outcome: refused(
      "$file: no private key in it; line # is no -----BEGIN line: those have five dashes on each side and nothing else; give its key with --private-key FILE or append it: cat cert.pem key.pem > both.pem",
    ),
  },
  {
    name: "six-dashes-before-chain",
    make: async (it) => `${(await it.leaf()).pem}-${it.intermediate.certificate}`,
    outcome: served(
      "$file: line # is no -----BEGIN line: those have five dashes on each side and nothing else; what follows it is not read",
    ),
  },
  {
    name: "four-dashes-at-end",
    make: async (it) =>
      (await it.leaf()).pem.replace("END CERTIFICATE-----", "END CERTIFICATE----"),
    outcome: refused(
      "$file: line # is no -----END line: those have five dashes on each side and nothing else",
    ),
  },
  {
    name: "dashes-of-a-word-processor",
    make: async (it) => (await it.leaf()).pem.replaceAll("-----", "—--—"),
    outcome: refused(
      "$file: line 1 is no -----BEGIN line: those have five dashes on each side and nothing else",
    ),
  },
  {
    name: "no-line-feed-between-files",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate.trimEnd() + key;
    },
    outcome: served(),
  },
  {
    name: "all-in-one-line",
    make: async (it) => (await it.leaf()).pem.replaceAll("\n", ""),
    outcome: refused("$file: line 1: a -----BEGIN line must be a line of its own"),
  },
  {
    name: "line-feeds-escaped",
    make: async (it) => (await it.leaf()).pem.replaceAll("\n", "\\n"),
    outcome: refused(
      "$file: line 1 has \\n where line feeds belong; convert it: sed 's/\\\\n/\\n/g' $file > new.pem",
    ),
  },
  {
    name: "line-feeds-become-spaces",
    make: async (it) => (await it.leaf()).pem.replaceAll("\n", " "),
    outcome: refused("$file: line 1: a -----BEGIN line must be a line of its own"),
  },
  {
    name: "lower-case-labels",
    make: async (it) =>
      (await it.leaf()).pem.replace(/-----[\w ]+-----/g, (line) => line.toLowerCase()),
    outcome: refused("$file: line 1: -----BEGIN and what it names are written in capitals"),
  },
  {
    name: "lower-case-type",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return relabelled(certificate, "Certificate") + key;
    },
    outcome: refused(
      "$file: no certificate in it; line 1: -----BEGIN and what it names are written in capitals",
    ),
  },
  {
    name: "end-of-another-type",
    make: async (it) => (await it.leaf()).pem.replace("END CERTIFICATE", "END PRIVATE KEY"),
    outcome: refused("$file: line #: the CERTIFICATE block of line 1 ends as PRIVATE KEY"),
  },
  {
    name: "end-missing-between",
    make: async (it) => (await it.leaf()).pem.replace("-----END CERTIFICATE-----\n", ""),
    outcome: refused("$file: line #: the CERTIFICATE block of line 1 has no end before this"),
  },
  {
    name: "truncated-certificate",
    make: async (it) => (await it.leaf()).certificate.slice(0, 200),
    outcome: refused("$file: the CERTIFICATE block of line 1 has no end (the file is truncated)"),
  },
  {
    name: "truncated-key",
    make: async (it) => (await it.leaf()).pem.slice(0, -40),
    outcome: refused("$file: the PRIVATE KEY block of line # has no end (the file is truncated)"),
  },
  {
    name: "a-line-missing",
    make: async (it) => {
      const lines = (await it.leaf()).pem.split("\n");
      return lines.toSpliced(2, 1).join("\n");
    },
    outcome: refused("$file: certificate 1 in it (line 1) is damaged"),
  },
  {
    name: "a-line-missing-in-the-key",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate + key.split("\n").toSpliced(1, 1).join("\n");
    },
    outcome: refused("$file: the private key (line #) is damaged or of an unknown type"),
  },
  {
    name: "empty-block",
    make: async (it) => {
      const { key } = await it.leaf();
      return `-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n${key}`;
    },
    outcome: refused("$file: certificate 1 in it (line 1) is damaged: it is empty"),
  },
  {
    name: "no-base64",
    make: async (it) => {
      const { key } = await it.leaf();
      return `-----BEGIN CERTIFICATE-----\n<paste here>\n-----END CERTIFICATE-----\n${key}`;
    },
    outcome: refused("$file: certificate 1 in it (line 1) is damaged: line 2 is not base64"),
  },
];
