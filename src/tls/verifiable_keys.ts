/**
 * Which kinds of keys a client can verify, according to its ClientHello: RFC 8446 section 4.2.3 for TLS 1.3; for
 * older versions the cipher suites, groups and signature schemes of RFC 5246, RFC 8422 and RFC 8446. It predicts
 * what OpenSSL will find. If it is wrong, the client gets what it would have got without it.
 */

import type { ClientOffers } from "../wire/client_offers.ts";
import type { EngineSettings } from "../config/settings.ts";

/** The kind of key that a certificate has. */
export interface KeyKind {
  /** See `KeyAlgorithm.type`. */
  readonly keyType: string;
  /** See `KeyAlgorithm.curve`. */
  readonly curve?: string;
}

/** The server settings that matter too. */
export type ServerOffers = Pick<EngineSettings, "protocols" | "ciphers">;

/** Whether a client with these offers can verify keys of this kind, in the version that will be negotiated. */
export function canVerify(client: ClientOffers, server: ServerOffers, key: KeyKind): boolean {
  const common = server.protocols.map((protocol) => VERSIONS[protocol]!)
    .filter((version) => client.versions.includes(version));
  const version = Math.max(...common);
  // Nothing in common, or an unknown kind of key: leave the decision to the library.
  const known = version > 0 ? KINDS[nameOf(key)] : undefined;
  if (known === undefined) return true;
  const { signatures } = client;
  if (version >= TLS_1_3) return signatures?.some((each) => known.schemes.includes(each)) ?? false;
  return client.ciphers.some((cipher) => canUse(cipher, known.authentication, server)) &&
    (known.group === undefined || (client.groups?.includes(known.group) ?? true)) &&
    (version < TLS_1_2
      ? known.before12
      : signatures?.some((each) =>
        known.schemes.includes(each) || known.schemes12.includes(each)
      ) ??
        known.before12);
}

function canUse(cipher: number, authentication: Authentication, server: ServerOffers): boolean {
  const strict = server.ciphers === undefined &&
    !server.protocols.some((protocol) => VERSIONS[protocol]! < TLS_1_2);
  return (strict ? SAFE : ALL)[authentication].includes(cipher);
}

function nameOf({ keyType, curve = "" }: KeyKind): string {
  return keyType === "ec" ? `ec ${curve}` : keyType;
}

type Authentication = "rsa" | "ecdsa";

/** What a client needs in order to verify a kind of key. */
interface KindOfKey {
  /** Signature schemes (RFC 8446 section 4.2.3). */
  readonly schemes: readonly number[];
  /** Further schemes that are enough in TLS 1.2. */
  readonly schemes12: readonly number[];
  /** Its name in cipher suites of TLS 1.2 and older. */
  readonly authentication: Authentication;
  /** Must be among the client's groups before TLS 1.3 (RFC 8422 section 5.1). */
  readonly group?: number;
  /** Whether TLS 1.1 and older support it, and clients that list no schemes. */
  readonly before12: boolean;
}

/** With SHA-224 to SHA-512; SHA-1 is allowed only at security level 0. */
const ECDSA = [0x0303, 0x0403, 0x0503, 0x0603];
const PKCS1 = [0x0301, 0x0401, 0x0501, 0x0601];

/** By name; curves are named by object identifier (RFC 5480). */
const KINDS: Readonly<Record<string, KindOfKey>> = {
  "rsa": {
    ...{ schemes: [0x0804, 0x0805, 0x0806], schemes12: PKCS1 },
    ...{ authentication: "rsa", before12: true },
  },
  "rsa-pss": {
    ...{ schemes: [0x0809, 0x080a, 0x080b], schemes12: [] },
    ...{ authentication: "rsa", before12: false },
  },
  "ec 1.2.840.10045.3.1.7": {
    ...{ schemes: [0x0403], schemes12: ECDSA, authentication: "ecdsa", group: 23, before12: true },
  },
  "ec 1.3.132.0.34": {
    ...{ schemes: [0x0503], schemes12: ECDSA, authentication: "ecdsa", group: 24, before12: true },
  },
  "ec 1.3.132.0.35": {
    ...{ schemes: [0x0603], schemes12: ECDSA, authentication: "ecdsa", group: 25, before12: true },
  },
  "ed25519": {
    ...{ schemes: [0x0807], schemes12: [], authentication: "ecdsa", before12: false },
  },
  "ed448": {
    ...{ schemes: [0x0808], schemes12: [], authentication: "ecdsa", before12: false },
  },
};

const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;
const VERSIONS: Readonly<Record<string, number>> = {
  "TLSv1.0": 0x0301,
  "TLSv1.1": 0x0302,
  "TLSv1.2": TLS_1_2,
  "TLSv1.3": TLS_1_3,
};

/** The cipher suites of stud's own list for TLS 1.2 (`openssl/context_options.ts`). */
const SAFE: Readonly<Record<Authentication, readonly number[]>> = {
  ecdsa: [0xc02b, 0xc02c, 0xcca9],
  rsa: [0xc02f, 0xc030, 0xcca8, 0x9e, 0x9f, 0xccaa],
};
/** An operator's list is not parsed, so it may contain any of these: AES, ChaCha20, Camellia, ARIA and 3DES. */
const ALL: Readonly<Record<Authentication, readonly number[]>> = {
  ecdsa: [
    ...[...SAFE.ecdsa, 0xc008, 0xc009, 0xc00a, 0xc023, 0xc024],
    ...[0xc05c, 0xc05d, 0xc072, 0xc073, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af],
  ],
  rsa: [
    ...[...SAFE.rsa, 0x0a, 0x16, 0x2f, 0x33, 0x35, 0x39, 0x3c, 0x3d, 0x41, 0x45, 0x67, 0x6b],
    ...[0x84, 0x88, 0x9c, 0x9d, 0xba, 0xbe, 0xc0, 0xc4],
    ...[0xc012, 0xc013, 0xc014, 0xc027, 0xc028, 0xc050, 0xc051, 0xc052, 0xc053, 0xc060, 0xc061],
    ...[0xc076, 0xc077, 0xc09c, 0xc09d, 0xc09e, 0xc09f, 0xc0a0, 0xc0a1, 0xc0a2, 0xc0a3],
  ],
};
