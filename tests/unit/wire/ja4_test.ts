/** JA4 against the example of its definition, and against what is put together here by other means. */

import { createHash } from "node:crypto";
import fc from "fast-check";
import { ja4 } from "../../../src/wire/ja4.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import {
  extension,
  fragmented,
  FRESH,
  hello,
  host,
  protocols,
  REAL,
  RESUMING,
  serverNames,
  text,
  zeros,
} from "../../support/hello_samples.ts";

/** The hello of the definition's example (JA4.md), with GREASE as browsers have it. */
const EXAMPLE = example(
  "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035",
  "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015",
  "0403,0804,0401,0503,0805,0501,0806,0601",
);

Deno.test("ja4() gives the fingerprint of the definition's example", () => {
  assertEquals(ja4(EXAMPLE), "t13d1516h2_8daaf6152771_e5627efa2ab1");
});

Deno.test("ja4() knows the ciphers of curl and openssl, whose hash is public", () => {
  // 31 ciphers: the default list of OpenSSL 1.1.1 and 3.
  assertEquals(ja4(FRESH), "t13d3111h2_e8f1e7e78f70_1f22a2ca17c4");
  assertEquals(ja4(RESUMING["TLS 1.2"])!.slice(0, 10), "t12d280700");
  assertEquals(ja4(RESUMING["TLS 1.3"])!.slice(0, 10), "t13d041100");
});

Deno.test("ja4() hashes what stands in the hello, sorted, and signature algorithms as they come", () => {
  const ciphers = "1302,1303,1301,c02c,c030,009f,cca9,cca8,ccaa,c02b,c02f,009e,c024,c028,006b," +
    "c023,c027,0067,c00a,c014,0039,c009,c013,0033,009d,009c,003d,003c,0035,002f,00ff";
  const extensions = "000b,000a,0023,0016,0017,000d,002b,002d,0033";
  const signatures = "0403,0503,0603,0807,0808,0809,080a,080b,0804,0805,0806,0401,0501,0601," +
    "0303,0301,0302,0402,0502,0602";
  const sorted = (list: string) => list.split(",").sort().join(",");
  assertEquals(
    ja4(FRESH),
    `t13d3111h2_${hash(sorted(ciphers))}_${hash(`${sorted(extensions)}_${signatures}`)}`,
  );
});

Deno.test("ja4() is the same however the hello is cut into records", () => {
  for (const sample of [...REAL, EXAMPLE]) {
    const whole = ja4(sample);
    const length = sample.length - 5;
    for (let cut = 1; cut < length; cut++) assertEquals(ja4(fragmented(sample, [cut])), whole);
    const everywhere = Array.from({ length: length - 1 }, (_, index) => index + 1);
    assertEquals(ja4(fragmented(sample, everywhere)), whole);
  }
});

Deno.test("ja4() writes nothing as zeros", () => {
  assertEquals(ja4(hello()), `t12i010000_${hash("1301")}_000000000000`);
  assertEquals(ja4(hello([])), `t12i010000_${hash("1301")}_000000000000`);
  const named = hello([serverNames(host("a.example")), protocols("h2")]);
  assertEquals(ja4(named), `t12d0102h2_${hash("1301")}_000000000000`);
  const grease = [0, 0, 2, 0x0a, 0x0a, 1, 0];
  assertEquals(ja4(hello([extension(23, [])], grease)), `t12i000100_000000000000_${hash("0017")}`);
});

Deno.test("ja4() shows the first protocol by its ends, those that are no letters in hexadecimal", () => {
  const shown = (bytes: readonly number[]) => {
    const list = extension(16, [0, bytes.length + 1, bytes.length, ...bytes]);
    return ja4(hello([list]))!.slice(8, 10);
  };
  assertEquals(shown([...text("http/1.1")]), "h1");
  assertEquals(shown([...text("x")]), "xx");
  assertEquals(shown([0xab]), "ab");
  assertEquals(shown([0xab, 0xcd]), "ad");
  assertEquals(shown([0x30, 0xab]), "3b");
  assertEquals(shown([0x30, 0x31, 0xab, 0xcd]), "3d");
  assertEquals(shown([0x30, 0xab, 0xcd, 0x31]), "01");
});

Deno.test("ja4() takes the highest version that is offered, and GREASE for none", () => {
  const versions = (...numbers: number[]) => {
    const bytes = numbers.flatMap((number) => [number >> 8, number & 0xff]);
    return ja4(hello([extension(43, [bytes.length, ...bytes])]))!.slice(0, 3);
  };
  assertEquals(versions(0x0303, 0x7a7a, 0x0304, 0x0302), "t13");
  assertEquals(versions(0x0301, 0x0302), "t11");
  assertEquals(versions(0x0300), "ts3");
  assertEquals(versions(0x7f1c), "t00");
});

Deno.test("ja4() counts to 99", () => {
  const many = Array.from({ length: 120 }, (_, index) => extension(index + 60, []));
  const ciphers = Array.from({ length: 100 }, (_, index) => [0xc0, index]).flat();
  const fingerprint = ja4(hello(many, [0, 0, ciphers.length, ...ciphers, 1, 0]))!;
  assertEquals(fingerprint.slice(0, 8), "t12i9999");
});

Deno.test("ja4() returns nothing for an incomplete hello, and never throws", () => {
  for (let length = 0; length < FRESH.length; length++) {
    assertEquals(ja4(FRESH.subarray(0, length)), undefined);
  }
  assertEquals(ja4(text("GET / HTTP/1.1\r\n\r\n")), undefined);
  assertEquals(ja4(Uint8Array.from([22, 3, 1, 0, 4, 2, 0, 0, 0])), undefined);
  assertEquals(ja4(hello([extension(13, [0, 9, 4, 3])])), undefined);
  fc.assert(fc.property(fc.nat(FRESH.length - 1), fc.nat(255), (at, byte) => {
    const altered = FRESH.slice();
    altered[at] = byte;
    const fingerprint = ja4(altered);
    assert(fingerprint === undefined || FORM.test(fingerprint), fingerprint);
  }));
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void ja4(bytes)));
});

function example(ciphers: string, extensions: string, signatures: string): Uint8Array {
  const GREASE = [0x1a, 0x1a];
  const suites = [...GREASE, ...octetsOf(ciphers)];
  const data = new Map<string, number[]>([
    ["0000", serverNames(host("a.example")).slice(4)],
    ["0010", protocols("h2", "http/1.1").slice(4)],
    ["000d", [0, octetsOf(signatures).length, ...octetsOf(signatures)]],
    ["002b", [6, ...GREASE, 3, 4, 3, 3]],
  ]);
  const list = extensions.split(",").map((type) => {
    const content = data.get(type) ?? zeros(3);
    return [...octetsOf(type), 0, content.length, ...content];
  });
  const grease = [...GREASE, 0, 0];
  return hello([grease, ...list, grease], [0, 0, suites.length, ...suites, 1, 0]);
}

function octetsOf(list: string): number[] {
  return list.split(",").flatMap((word) => [
    parseInt(word.slice(0, 2), 16),
    parseInt(word.slice(2), 16),
  ]);
}

function hash(words: string): string {
  return createHash("sha256").update(words).digest("hex").slice(0, 12);
}

const FORM = /^t(1[0-3]|s[23]|00)[di]\d{4}[0-9A-Za-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}$/;
