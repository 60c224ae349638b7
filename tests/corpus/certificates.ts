/** Certificates and keys of unusual kinds, in PEM as it should be. */

import type { Making } from "./making.ts";
import { refused, type Row, served, servedToNobody } from "./row.ts";

const EC = "-newkey ec -pkeyopt ec_paramgen_curve:";

/** One row for each kind. */
export const CERTIFICATES: readonly Row[] = [
  {
    name: "rsa-2048",
    make: async (it) => (await it.leaf({ keyType: "rsa" })).pem,
    outcome: served(),
  },
  {
    name: "rsa-1024",
    make: (it) => it.selfSigned("-newkey rsa:1024"),
    outcome: {
      openssl: refused("$file: the certificate: OpenSSL refuses it: …"),
      rustls: refused(
        "$file: rustls cannot serve this certificate and key: its RSA key has 1024 bits, fewer than 2048; on Linux --tls-library=openssl does, or use a P-256 key, or RSA with 2048 bits",
      ),
    },
  },
  {
    name: "rsa-pss",
    make: (it) => it.selfSigned("-newkey rsa-pss"),
    outcome: {
      openssl: served(),
      rustls: refused(
        "$file: rustls cannot serve this certificate and key: its key is for RSA-PSS only; on Linux --tls-library=openssl does, or use a P-256 key, or RSA with 2048 bits",
      ),
    },
  },
  { name: "ed25519", make: (it) => it.selfSigned("-newkey ed25519"), outcome: served() },
  {
    name: "ed448",
    make: (it) => it.selfSigned("-newkey ed448"),
    outcome: {
      openssl: served(),
      rustls: refused(
        "$file: rustls cannot serve this certificate and key: its key is Ed448; on Linux --tls-library=openssl does, or use a P-256 key, or RSA with 2048 bits",
      ),
    },
  },
  { name: "p-384", make: (it) => it.selfSigned(`${EC}P-384`), outcome: served() },
  { name: "p-521", make: (it) => it.selfSigned(`${EC}P-521`), outcome: served() },
  {
    name: "p-224",
    make: (it) => it.selfSigned(`${EC}P-224`),
    outcome: {
      openssl: served(
        "$file: its key is on the curve P-224, which TLS 1.3 lacks and few clients support; others cannot connect: use a P-256 key, or RSA with 2048 bits",
      ),
      rustls: refused(
        "$file: rustls cannot serve this certificate and key: its curve is not P-256, P-384 or P-521; on Linux --tls-library=openssl does, or use a P-256 key, or RSA with 2048 bits",
      ),
    },
  },
  {
    name: "secp256k1",
    make: (it) => it.selfSigned(`${EC}secp256k1`),
    outcome: {
      openssl: served(
        "$file: its key is on the curve secp256k1, which TLS 1.3 lacks and few clients support; others cannot connect: use a P-256 key, or RSA with 2048 bits",
      ),
      rustls: refused(
        "$file: rustls cannot serve this certificate and key: its curve is not P-256, P-384 or P-521; on Linux --tls-library=openssl does, or use a P-256 key, or RSA with 2048 bits",
      ),
    },
  },
  {
    name: "brainpool",
    make: (it) => it.selfSigned(`${EC}brainpoolP256r1`),
    outcome: {
      openssl: served(
        "$file: its key is on the curve brainpoolP256r1, which TLS 1.3 lacks and few clients support; others cannot connect: use a P-256 key, or RSA with 2048 bits",
      ),
      rustls: refused(
        "$file: rustls cannot serve this certificate and key: its curve is not P-256, P-384 or P-521; on Linux --tls-library=openssl does, or use a P-256 key, or RSA with 2048 bits",
      ),
    },
  },
  {
    name: "explicit-curve",
    make: (it) => it.selfSigned(`${EC}P-256 -pkeyopt ec_param_enc:explicit`),
    outcome: {
      openssl: served(),
      rustls: refused(
        "$file: rustls cannot serve this certificate and key: …; on Linux --tls-library=openssl does, or use a P-256 key, or RSA with 2048 bits",
      ),
    },
  },
  {
    name: "expired",
    make: async (it) => (await it.leaf({ days: -2 })).pem,
    outcome: served("$file: the certificate expired on …; clients will refuse it"),
  },
  {
    name: "expires-soon",
    make: async (it) => (await it.leaf({ days: 3 })).pem,
    outcome: served("$file: the certificate expires in 2 days, on …"),
  },
  {
    name: "not-yet-valid",
    make: (it) => ofTheFuture(it),
    outcome: served("$file: the certificate is not valid before 2099-01-01T00:00:00.000Z"),
  },
  {
    name: "no-alternative-name",
    make: async (it) => (await it.leaf({ names: [], commonName: it.dnsName })).pem,
    outcome: served(),
  },
  {
    name: "no-subject",
    make: async (it) => (await it.leaf({ subject: [] })).pem,
    outcome: served(),
  },
  {
    name: "address-only",
    make: async (it) => (await it.leaf({ names: ["ip:127.0.0.1", "ip:::1"], subject: [] })).pem,
    outcome: servedToNobody(),
  },
  {
    name: "a-hundred-names",
    make: async (it) =>
      (await it.leaf({
        names: [it.dnsName, ...Array.from({ length: 99 }, (_, at) => `n${at}.${it.dnsName}`)],
      })).pem,
    outcome: served(),
  },
  {
    name: "international",
    make: async (it) => (await it.leaf({ names: [it.dnsName, "xn--bcher-kva.test"] })).pem,
    outcome: served(),
  },
  {
    name: "international-in-utf-8",
    make: async (it) => (await it.leaf({ names: [it.dnsName, "bücher.test"] })).pem,
    outcome: served(),
  },
  {
    name: "wildcard",
    make: async (it) => (await it.leaf({ names: [`*.${it.dnsName}`, it.dnsName] })).pem,
    outcome: served(),
  },
  {
    name: "upper-case-name",
    make: async (it) => (await it.leaf({ names: [it.dnsName.toUpperCase()] })).pem,
    outcome: served(),
  },
  {
    name: "name-with-final-dot",
    make: async (it) => (await it.leaf({ names: [`${it.dnsName}.`] })).pem,
    outcome: served(),
  },
  {
    name: "version-1",
    make: (it) => signed(it, "-sha256 -days 90", false),
    outcome: {
      openssl: served(),
      rustls: refused(
        "$file: rustls cannot serve this certificate and key: it is X.509 version 1; on Linux --tls-library=openssl does, or use a P-256 key, or RSA with 2048 bits",
      ),
    },
  },
  {
    name: "sha-1",
    make: (it) => signed(it, "-sha1 -days 90"),
    outcome: {
      openssl: refused("$file: the certificate: OpenSSL refuses it: …"),
      rustls: served(),
    },
  },
  {
    name: "md5",
    make: (it) => signed(it, "-md5 -days 90"),
    outcome: {
      openssl: refused("$file: the certificate: OpenSSL refuses it: …"),
      rustls: served(),
    },
  },
  {
    name: "sha-1-but-self-signed",
    make: (it) => it.selfSigned("-newkey rsa:2048 -sha1"),
    outcome: served(),
  },
  {
    name: "negative-serial",
    make: (it) => it.selfSigned(`${EC}P-256 -set_serial -5`),
    outcome: served(),
  },
  {
    name: "zero-serial",
    make: (it) => it.selfSigned(`${EC}P-256 -set_serial 0`),
    outcome: served(),
  },
  {
    name: "huge-serial",
    make: (it) => it.selfSigned(`${EC}P-256 -set_serial 0x${"5a".repeat(40)}`),
    outcome: served(),
  },
  {
    name: "unknown-critical-extension",
    make: (it) =>
      it.selfSigned(
        `${EC}P-256 -addext 1.2.3.4=critical,ASN1:UTF8String:x`,
      ),
    outcome: {
      openssl: served(),
      rustls: refused(
        "$file: rustls cannot serve this certificate and key: …; on Linux --tls-library=openssl does, or use a P-256 key, or RSA with 2048 bits",
      ),
    },
  },
  {
    name: "chain-of-twelve",
    make: async (it) => {
      let authority = it.intermediate;
      const chain: string[] = [];
      for (let depth = 0; depth < 11; depth++) {
        authority = await authority.authority(`Depth ${depth}`);
        chain.unshift(authority.certificate);
      }
      const { certificate, key } = await authority.issue({ names: [it.dnsName] });
      return certificate + chain.join("") + key;
    },
    outcome: served(),
  },
  {
    name: "chain-of-two-hundred",
    make: async (it) => {
      const { certificate, key } = await it.leaf();
      return certificate + it.intermediate.certificate.repeat(199) + key;
    },
    outcome: served(),
  },
];

/** Signed by an RSA key, by the openssl program, so that what nobody should make can be made. */
async function signed(it: Making, how: string, extensions = true): Promise<string> {
  const { key } = await it.leaf();
  await it.rsaAuthority();
  it.write("key", key);
  it.write("request", await it.opensslText(`req -new -key key -subj /CN=${it.dnsName}`));
  it.write("extensions", `subjectAltName=DNS:${it.dnsName}\n`);
  const more = extensions ? " -extfile extensions" : "";
  return await it.opensslText(
    `x509 -req -in request -CA ca -CAkey ca -set_serial 5 ${how}${more}`,
  ) +
    key;
}

/** Not valid before 2099. */
async function ofTheFuture(it: Making): Promise<string> {
  const { key } = await it.leaf();
  await it.rsaAuthority();
  it.write("key", key);
  it.write("request", await it.opensslText(`req -new -key key -subj /CN=${it.dnsName}`));
  it.write("extensions", `subjectAltName=DNS:${it.dnsName}\n`);
  it.write("index", "");
  it.write("serial", "01");
  it.write(
    "config",
    "[ca]\ndefault_ca=all\n[all]\ndatabase=index\nserial=serial\nnew_certs_dir=.\npolicy=policy\n" +
      "[policy]\ncommonName=supplied\n",
  );
  const dates = "-startdate 20990101000000Z -enddate 20991231235959Z";
  const files = "-config config -in request -cert ca -keyfile ca -extfile extensions";
  return await it.opensslText(`ca -batch -notext -md sha256 ${files} ${dates}`) + key;
}
