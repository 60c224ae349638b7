/** Certificates and keys that are sound, in every order and number. */

import { refused, type Row, served } from "./row.ts";

/** One row for each way to put them together. */
export const PEM_ORDER: readonly Row[] = [
  {
    name: "key-before-the-certificate",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return key + certificate + it.intermediate.certificate;
    },
    outcome: served(),
  },
  {
    name: "key-between-certificates",
    make: async (it) => (await it.leaf()).pem + it.intermediate.certificate,
    outcome: served(),
  },
  {
    name: "key-after-the-chain",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate + it.intermediate.certificate + key;
    },
    outcome: served(),
  },
  {
    name: "root-included",
    make: async (it) => (await it.leaf()).pem + it.intermediate.certificate + it.root.certificate,
    outcome: served(),
  },
  {
    name: "chain-out-of-order",
    make: async (it) => (await it.leaf()).pem + it.root.certificate + it.intermediate.certificate,
    outcome: served(),
  },
  {
    name: "intermediate-first",
    make: async (it) => it.intermediate.certificate + (await it.leaf()).pem,
    outcome: refused(
      "$file: the private key (line #) does not belong to the certificate (line 1) but to that of line #; put that one first, the server's own",
    ),
  },
  {
    name: "certificate-twice",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate + certificate + key;
    },
    outcome: served(),
  },
  {
    name: "key-twice",
    make: async (it) => {
      const { pem, key } = await it.leaf();
      return pem + key;
    },
    outcome: served(),
  },
  {
    name: "another-key-behind-the-right-one",
    make: async (it) => (await it.leaf()).pem + (await it.leaf()).key,
    outcome: served(),
  },
  {
    name: "another-key-before-the-right-one",
    make: async (it) => (await it.leaf()).key + (await it.leaf()).pem,
    outcome: refused(
      "$file: the private key (line 1) does not belong to the certificate (line 6), that of line # does; leave out the first",
    ),
  },
  {
    name: "key-of-another-certificate",
    make: async (it) => (await it.leaf()).certificate + (await it.leaf()).key,
    outcome: refused(
      "$file: the private key (line #) does not belong to the certificate (line 1); give the key that the certificate was made for",
    ),
  },
  {
    name: "no-key",
    make: async (it) => (await it.leaf()).certificate,
    outcome: refused(
      "$file: no private key in it; give its key with --private-key FILE or append it: cat cert.pem key.pem > both.pem",
    ),
  },
  {
    name: "no-certificate",
    make: async (it) => (await it.leaf()).key,
    outcome: refused(
      "$file: no certificate in it, only PRIVATE KEY (line 1); put its certificate before the key: cat cert.pem key.pem > both.pem",
    ),
  },
  {
    name: "two-files-of-renewals",
    make: async (it) => (await it.leaf()).pem + (await it.leaf()).pem,
    outcome: served(),
  },
  {
    name: "damaged-intermediate",
    make: async (it) => (await it.leaf()).pem + it.intermediate.certificate.replace("\nM", "\nN"),
    outcome: refused("$file: certificate 2 in it (line #) is damaged"),
  },
];
