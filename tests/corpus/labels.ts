/** Blocks of all the labels that there are, where a certificate and its key are looked for. */

import { blocksOf, relabelled } from "./making.ts";
import { refused, type Row, served } from "./row.ts";

/** One row for each label. */
export const LABELS: readonly Row[] = [
  {
    name: "pkcs8-as-rsa",
    make: async (it) => {
      const { certificate, key } = await it.leaf({ keyType: "rsa" });
      return certificate + relabelled(key, "RSA PRIVATE KEY");
    },
    outcome: served(),
  },
  {
    name: "pkcs8-as-ec",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate + relabelled(key, "EC PRIVATE KEY");
    },
    outcome: served(),
  },
  {
    name: "pkcs1",
    make: async (it) => {
      const { certificate, key } = await it.leaf({ keyType: "rsa" });
      return certificate + await it.opensslText("rsa -traditional", key);
    },
    outcome: served(),
  },
  {
    name: "pkcs1-as-pkcs8",
    make: async (it) => {
      const { certificate, key } = await it.leaf({ keyType: "rsa" });
      return certificate + relabelled(await it.opensslText("rsa -traditional", key), "PRIVATE KEY");
    },
    outcome: served(),
  },
  {
    name: "sec1",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate + await it.opensslText("ec", key);
    },
    outcome: served(),
  },
  {
    name: "sec1-as-pkcs8",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate + relabelled(await it.opensslText("ec", key), "PRIVATE KEY");
    },
    outcome: served(),
  },
  {
    name: "ec-parameters-first",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      const parameters = await it.opensslText("ecparam -name prime256v1");
      return parameters + await it.opensslText("ec", key) + certificate;
    },
    outcome: served(),
  },
  {
    name: "trusted-certificate",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return await it.opensslText("x509 -trustout -addtrust serverAuth", certificate) + key;
    },
    outcome: served(),
  },
  {
    name: "x509-certificate",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return relabelled(certificate, "X509 CERTIFICATE") + key;
    },
    outcome: served(),
  },
  {
    name: "certificate-request",
    make: async (it) =>
      await it.opensslText(
        "req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=x -keyout -",
      ),
    outcome: refused(
      "$file: no certificate in it, only PRIVATE KEY (line 1), CERTIFICATE REQUEST (line 6); use the certificate that the authority issued for the request",
    ),
  },
  {
    name: "new-certificate-request",
    make: async (it) => {
      const { key } = await it.leaf();
      it.write("key", key);
      return await it.opensslText("req -new -newhdr -key key -subj /CN=x") + key;
    },
    outcome: refused(
      "$file: no certificate in it, only NEW CERTIFICATE REQUEST (line 1), PRIVATE KEY (line 8); use the certificate that the authority issued for the request",
    ),
  },
  {
    name: "request-beside-its-certificate",
    make: async (it) => {
      const { pem, key } = await it.leaf();
      it.write("key", key);
      return await it.opensslText("req -new -key key -subj /CN=x") + pem;
    },
    outcome: served(),
  },
  {
    name: "pkcs7",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      it.write("certificate", certificate);
      return await it.opensslText("crl2pkcs7 -nocrl -certfile certificate") + key;
    },
    outcome: refused(
      "$file: no certificate in it, only PKCS7 (line 1), PRIVATE KEY (line #); convert it: openssl pkcs7 -print_certs -in $file -out certs.pem",
    ),
  },
  {
    name: "public-key-instead-of-certificate",
    make: async (it) => {
      const { key } = await it.leaf();
      return await it.opensslText("pkey -pubout", key) + key;
    },
    outcome: refused(
      "$file: no certificate in it, only PUBLIC KEY (line 1), PRIVATE KEY (line 5); put its certificate before the key: cat cert.pem key.pem > both.pem",
    ),
  },
  {
    name: "public-key-instead-of-private",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate + await it.opensslText("pkey -pubout", key);
    },
    outcome: refused(
      "$file: no private key in it, only CERTIFICATE (line 1), PUBLIC KEY (line #); give its key with --private-key FILE or append it: cat cert.pem key.pem > both.pem",
    ),
  },
  {
    name: "revocation-list-beside-it",
    make: async (it) => (await it.leaf()).pem + await it.intermediate.revoke(["01"]),
    outcome: served(),
  },
  {
    name: "dh-parameters",
    make: async (it) =>
      (await it.leaf()).pem +
      await it.opensslText("genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048"),
    outcome: served(),
  },
  {
    name: "dh-parameters-x942",
    make: async (it) =>
      (await it.leaf()).pem +
      await it.opensslText("genpkey -genparam -algorithm DHX -pkeyopt dh_rfc5114:3"),
    outcome: served(),
  },
  {
    name: "dh-parameters-of-1024-bits",
    make: async (it) =>
      (await it.leaf()).pem +
      await it.opensslText("genpkey -genparam -algorithm DHX -pkeyopt dh_rfc5114:1"),
    outcome: {
      openssl: served(
        "$file: its DH parameters have 1024 bits, but OpenSSL requires 2048: clients that support only DHE cannot connect; make new ones: openssl dhparam 2048",
      ),
      rustls: served(),
    },
  },
  {
    name: "dh-parameters-damaged",
    make: async (it) =>
      `${
        (await it.leaf()).pem
      }-----BEGIN DH PARAMETERS-----\nMAYCAQ==\n-----END DH PARAMETERS-----\n`,
    outcome: refused(
      "$file: the DH parameters of line # are damaged; make new ones: openssl dhparam 2048",
    ),
  },
  {
    name: "key-encrypted-pkcs8",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate + await it.opensslText("pkcs8 -topk8 -passout pass:corpus", key);
    },
    outcome: refused(
      "$file: the private key (line #) is encrypted; remove its passphrase: openssl pkey -in $file -out key.pem",
    ),
  },
  {
    name: "key-encrypted-old-style",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate + await it.opensslText("ec -aes128 -passout pass:corpus", key);
    },
    outcome: refused(
      "$file: the private key (line #) is encrypted; remove its passphrase: openssl pkey -in $file -out key.pem",
    ),
  },
  {
    name: "key-encrypted-rsa-crlf",
    make: async (it) => {
      const { certificate, key } = await it.leaf({ keyType: "rsa" });
      const encrypted = await it.opensslText("rsa -traditional -aes128 -passout pass:corpus", key);
      return (certificate + encrypted).replaceAll("\n", "\r\n");
    },
    outcome: refused(
      "$file: the private key (line #) is encrypted; remove its passphrase: openssl pkey -in $file -out key.pem",
    ),
  },
  {
    name: "key-encrypted-as-plain",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      const encrypted = await it.opensslText("pkcs8 -topk8 -passout pass:corpus", key);
      return certificate + relabelled(encrypted, "PRIVATE KEY");
    },
    outcome: refused(
      "$file: the private key (line #) is encrypted; remove its passphrase: openssl pkey -in $file -out key.pem",
    ),
  },
  {
    name: "openssh-key",
    make: async (it) => (await it.leaf()).certificate + OPENSSH,
    outcome: refused(
      "$file: the private key (line #) is in OpenSSH's own format; convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY",
    ),
  },
  {
    name: "openssh-certificate-line",
    make: async (it) =>
      `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== root@test\n${(await it.leaf()).key}`,
    outcome: refused(
      "$file: no certificate in it, only PRIVATE KEY (line 2); put its certificate before the key: cat cert.pem key.pem > both.pem",
    ),
  },
  {
    name: "dsa-key",
    make: async (it) => {
      await it.openssl(
        "genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:2048 -out params",
      );
      return (await it.leaf()).certificate + await it.opensslText("genpkey -paramfile params");
    },
    outcome: refused(
      "$file: the private key (line #) does not belong to the certificate (line 1); give the key that the certificate was made for",
    ),
  },
  {
    name: "attribute-certificate-beside-it",
    make: async (it) => {
      const { pem } = await it.leaf();
      return relabelled(blocksOf(pem)[0]!, "ATTRIBUTE CERTIFICATE") + pem;
    },
    outcome: served(),
  },
];

/** `ssh-keygen -t ed25519`, whose octets nobody looks at. */
const OPENSSH = [
  "-----BEGIN OPENSSH PRIVATE KEY-----",
  btoa(`openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none${"\0".repeat(60)}`),
  "-----END OPENSSH PRIVATE KEY-----",
  "",
].join("\n");
