/** Headers of PROXY protocol version 2, octet for octet, and through a decoder written from the text. */

import fc from "fast-check";
import { parseIpAddress } from "../../../src/wire/ip_address.ts";
import { LONGEST_PROXY_HEADER, parseProxyHeader } from "../../../src/wire/proxy_header.ts";
import { encodeProxyV2, type ProxyV2Facts, type ProxyV2Tls } from "../../../src/wire/proxy_v2.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { decodeProxyV2, tlvText } from "../../support/proxy_v2_decoder.ts";

const IPV4 = {
  client: { host: "192.168.0.1", port: 56_324 },
  server: { host: "192.168.0.11", port: 443 },
};
const TLS: ProxyV2Tls = {
  version: "TLSv1.3",
  cipher: "C",
  certificateIn: "connection",
  verifyResult: 0,
  commonName: "N",
  signatureAlgorithm: "SHA256",
  keyAlgorithm: "EC256",
};

const hex = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const text = (words: string) => hex(new TextEncoder().encode(words));

Deno.test("encodeProxyV2() writes the header of the specification, byte for byte", () => {
  const start = "0d0a0d0a000d0a515549540a" + "21";
  const addresses = "c0a80001" + "c0a8000b" + "dc04" + "01bb";
  assertEquals(hex(encodeProxyV2(IPV4).bytes), start + "11" + "000c" + addresses);
  const facts = { ...IPV4, alpn: "h2", authority: "a.b", clientCertificate: "PEM", tls: TLS };
  const tlvs = ["01" + "0002" + text("h2"), "02" + "0003" + text("a.b")]
    .concat(["e0" + "0003" + text("PEM"), "20" + "0028" + "07" + "00000000"])
    .concat(["21" + "0007" + text("TLSv1.3"), "23" + "0001" + text("C")])
    .concat(["22" + "0001" + text("N"), "24" + "0006" + text("SHA256")])
    .concat(["25" + "0005" + text("EC256")]).join("");
  const length = (12 + tlvs.length / 2).toString(16).padStart(4, "0");
  assertEquals(hex(encodeProxyV2(facts).bytes), start + "11" + length + addresses + tlvs);
});

Deno.test("encodeProxyV2() writes IPv6 addresses, and mixed ones as IPv6", () => {
  const decoded = (client: string, server: string) => {
    const pair = { client: { host: client, port: 1 }, server: { host: server, port: 65_535 } };
    const { family, source, destination, length } = decodeProxyV2(encodeProxyV2(pair).bytes);
    return [family, source, destination, length];
  };
  const ipv6 = ["2001:db8:0:0:0:0:0:1 1", "2001:db8:0:0:0:0:0:2 65535", 52];
  assertEquals(decoded("2001:db8::1", "2001:db8::2"), [0x21, ...ipv6]);
  assertEquals(decoded("::ffff:192.0.2.1", "192.0.2.2")[0], 0x11);
  const mixed = ["0:0:0:0:0:ffff:c000:201 1", "2001:db8:0:0:0:0:0:2 65535", 52];
  assertEquals(decoded("192.0.2.1", "2001:db8::2"), [0x21, ...mixed]);
  assertEquals(decoded("::1", "192.0.2.1")[2], "0:0:0:0:0:ffff:c000:201 65535");
});

Deno.test("encodeProxyV2() says where a client's certificate was shown, and how it was judged", () => {
  const ssl = (tls: Partial<ProxyV2Tls>) => {
    const { flags, verify } = decodeProxyV2(
      encodeProxyV2({ ...IPV4, tls: { ...TLS, ...tls } }).bytes,
    ).ssl!;
    return [flags, verify];
  };
  assertEquals(ssl({ certificateIn: "none" }), [1, 1]);
  assertEquals(ssl({ certificateIn: "connection" }), [7, 0]);
  assertEquals(ssl({ certificateIn: "session" }), [5, 0]);
  assertEquals(ssl({ certificateIn: "session", verifyResult: 0x01020304 }), [5, 0x01020304]);
});

Deno.test("encodeProxyV2() leaves out what has no room, the certificate first, and says so", () => {
  const huge = "x".repeat(70_000);
  const whole = { ...IPV4, alpn: "h2", authority: "a.b", clientCertificate: huge, tls: TLS };
  const types = (facts: ProxyV2Facts) => {
    const { bytes, omitted } = encodeProxyV2(facts);
    return [decodeProxyV2(bytes).tlvs.map(({ type }) => type), omitted];
  };
  assertEquals(types(whole), [[1, 2, 0x20], ["client certificate"]]);
  const named = { ...whole, tls: { ...TLS, commonName: huge } };
  assertEquals(types(named), [[1, 2, 0x20], ["client certificate", "common name"]]);
  assertEquals(types({ ...named, clientCertificate: undefined }), [[1, 2, 0x20], ["common name"]]);
  const all = { ...whole, alpn: huge, authority: huge, tls: { ...TLS, cipher: huge } };
  const parts = ["client certificate", "common name", "TLS", "server name", "ALPN"];
  assertEquals<unknown>(types(all), [[], parts]);
});

Deno.test("encodeProxyV2() uses all the room there is", () => {
  const room = LONGEST_PROXY_HEADER - 16 - 12 - 3;
  const fits = encodeProxyV2({ ...IPV4, clientCertificate: "x".repeat(room) });
  assertEquals([fits.bytes.length, fits.omitted], [LONGEST_PROXY_HEADER, []]);
  const more = encodeProxyV2({ ...IPV4, clientCertificate: "x".repeat(room + 1) });
  assertEquals([more.bytes.length, more.omitted], [28, ["client certificate"]]);
});

const host = fc.oneof(fc.ipV4(), fc.ipV6());
const end = fc.record({ host, port: fc.nat(65_535) });
const optional = (most: number) => fc.option(fc.string({ maxLength: most }), { nil: undefined });
const tls = fc.record({
  version: fc.string(),
  cipher: fc.string(),
  certificateIn: fc.constantFrom("none" as const, "connection" as const, "session" as const),
  verifyResult: fc.nat(100),
  commonName: optional(9_000),
  signatureAlgorithm: optional(10),
  keyAlgorithm: optional(10),
});
const facts = fc.record({
  client: end,
  server: end,
  alpn: optional(255),
  authority: optional(255),
  clientCertificate: optional(20_000),
  tls: fc.option(tls, { nil: undefined }),
});

Deno.test("encodeProxyV2() is what a receiver reads, whatever the facts", () => {
  fc.assert(fc.property(facts, (facts) => {
    const { bytes, omitted } = encodeProxyV2(facts);
    assert(bytes.length <= LONGEST_PROXY_HEADER);
    const decoded = decodeProxyV2(bytes);
    const isIpv4 = [facts.client, facts.server].every(({ host }) =>
      parseIpAddress(host).length === 4
    );
    assertEquals([decoded.family, decoded.length], [isIpv4 ? 0x11 : 0x21, bytes.length]);
    assertEquals(decoded.source!.split(" ")[1], String(facts.client.port));
    assertEquals(decoded.destination!.split(" ")[1], String(facts.server.port));
    assertEquals(tlvText(decoded, 0x01), facts.alpn);
    assertEquals(tlvText(decoded, 0x02), facts.authority);
    if (!omitted.includes("client certificate")) {
      assertEquals(tlvText(decoded, 0xe0), facts.clientCertificate);
    }
    if (facts.tls === undefined) return assertEquals(decoded.ssl, undefined);
    const { version, cipher, commonName, signatureAlgorithm, keyAlgorithm } = facts.tls;
    const cut = omitted.includes("common name");
    const expected = [[0x21, version], [0x23, cipher], [0x22, cut ? undefined : commonName]]
      .concat([[0x24, signatureAlgorithm], [0x25, keyAlgorithm]]);
    assertEquals(
      decoded.ssl!.subTlvs.map((pair) => [...pair]),
      expected.filter(([, value]) => value !== undefined) as [number, string][],
    );
  }));
});

Deno.test("what encodeProxyV2() writes is a header to parseProxyHeader(), about the same client", () => {
  fc.assert(fc.property(facts, (facts) => {
    const { bytes } = encodeProxyV2(facts);
    const verdict = parseProxyHeader(bytes);
    assert(verdict.kind === "header", JSON.stringify(verdict));
    assertEquals([verdict.length, verdict.client!.port], [bytes.length, facts.client.port]);
    assertEquals(parseIpAddress(verdict.client!.host), parseIpAddress(facts.client.host));
  }));
});
