/** Which preface a connection gets. */

import { type PrefaceClient, prefaceEncoder } from "../../../src/proxy/preface.ts";
import type { Negotiated } from "../../../src/tls/engine.ts";
import { assertEquals } from "../../support/assert.ts";
import { decodeProxyV2 } from "../../support/proxy_v2_decoder.ts";
import type { PrefaceKind } from "../../../src/config/settings.ts";

const CLIENT: PrefaceClient = {
  pair: {
    peer: { host: "198.51.100.7", port: 56_324 },
    local: { host: "192.0.2.1", port: 443 },
  },
  serverName: undefined,
};

const UNKNOWN = { negotiated: undefined };

const NEGOTIATED: Negotiated = {
  protocol: "TLSv1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  group: "x25519",
  alpn: "h2",
  resumed: false,
  certificate: { signature: "SHA256", key: "RSA2048" },
  clientCertificate: { pem: "PEM", verifyResult: 0, commonName: "Ann" },
};

const ALL = { tlv: true, authority: true, clientCertificate: true };
const NONE = { tlv: false, authority: false, clientCertificate: false };

function encoder(kind: PrefaceKind, parts = ALL) {
  const lines: string[] = [];
  const encode = prefaceEncoder({ kind, ...parts }, (line) => lines.push(line));
  return { encode, lines };
}

Deno.test("prefaceEncoder() chooses by kind, and client and server are not exchanged", () => {
  assertEquals(encoder("none").encode(CLIENT, UNKNOWN), undefined);
  assertEquals([...encoder("ip").encode(CLIENT, UNKNOWN)!], [2, 198, 51, 100, 7]);
  assertEquals(
    new TextDecoder().decode(encoder("proxy-v1").encode(CLIENT, UNKNOWN)),
    "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n",
  );
  const { source, destination, tlvs } = decodeProxyV2(encoder("proxy-v2").encode(CLIENT, UNKNOWN)!);
  assertEquals([source, destination], ["198.51.100.7 56324", "192.0.2.1 443"]);
  assertEquals(tlvs, [], "of whom nothing is known, nothing is told");
});

Deno.test("prefaceEncoder() passes on the header that came", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const { encode } = encoder("proxy-proxy");
  assertEquals(encode({ ...CLIENT, takeProxyHeader: () => bytes }, UNKNOWN), bytes);
});

Deno.test("prefaceEncoder() sends what the settings ask for, and nothing else", () => {
  const client = { ...CLIENT, serverName: "a.example" };
  const secure = { negotiated: NEGOTIATED };
  const types = (parts: typeof ALL) =>
    decodeProxyV2(encoder("proxy-v2", parts).encode(client, secure)!).tlvs.map(({ type }) => type);
  assertEquals(types(ALL), [0x01, 0x02, 0xe0, 0x20]);
  assertEquals(types(NONE), [0x01]);
  assertEquals(types({ ...NONE, tlv: true }), [0x01, 0x20]);
  assertEquals(types({ ...NONE, authority: true }), [0x01, 0x02]);
  assertEquals(types({ ...NONE, clientCertificate: true }), [0x01, 0xe0]);
});

Deno.test("prefaceEncoder() says how the client's certificate came", () => {
  const ssl = (negotiated: Negotiated) =>
    decodeProxyV2(encoder("proxy-v2").encode(CLIENT, { negotiated })!).ssl;
  const { clientCertificate } = NEGOTIATED;
  assertEquals(ssl(NEGOTIATED), {
    flags: 7,
    verify: 0,
    subTlvs: [
      [0x21, "TLSv1.3"],
      [0x23, "TLS_AES_128_GCM_SHA256"],
      [0x22, "Ann"],
      [0x24, "SHA256"],
      [0x25, "RSA2048"],
    ],
  });
  assertEquals(ssl({ ...NEGOTIATED, resumed: true })!.flags, 5);
  const refused = { ...clientCertificate!, verifyResult: 10 };
  assertEquals(ssl({ ...NEGOTIATED, clientCertificate: refused })!.verify, 10);
  const without = { ...NEGOTIATED, clientCertificate: undefined, certificate: undefined };
  assertEquals(ssl(without), {
    flags: 1,
    verify: 1,
    subTlvs: [[0x21, "TLSv1.3"], [0x23, "TLS_AES_128_GCM_SHA256"]],
  });
});

Deno.test("prefaceEncoder() says once that a header was too long", () => {
  const pem = "x".repeat(20_000);
  const clientCertificate = { ...NEGOTIATED.clientCertificate!, pem };
  const secure = { negotiated: { ...NEGOTIATED, clientCertificate } };
  const { encode, lines } = encoder("proxy-v2");
  for (let round = 0; round < 3; round++) {
    const { tlvs } = decodeProxyV2(encode(CLIENT, secure)!);
    assertEquals(tlvs.map(({ type }) => type), [0x01, 0x20]);
  }
  assertEquals(lines, [
    "the PROXY header is longer than 16 KiB, so it is sent without client certificate; " +
    "later ones are not logged",
  ]);
});
