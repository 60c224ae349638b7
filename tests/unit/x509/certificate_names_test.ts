/** Names in certificates: only what every reader takes for the same name is one. */

import fc from "fast-check";
import { Certificate } from "../../../src/x509/certificate.ts";
import {
  alternativeNames,
  certificateNames,
  firstCommonName,
  hostNames,
} from "../../../src/x509/certificate_names.ts";
import { DerFormatError, encodeDer } from "../../../src/x509/der.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";
import { Authority } from "../../support/authority.ts";
import { made } from "../../support/made_certificates.ts";

const COMMON_NAME = Uint8Array.of(0x55, 0x04, 0x03);
const ALTERNATIVE_NAMES = Uint8Array.of(0x55, 0x1d, 0x11);
const text = (value: string) => new TextEncoder().encode(value);
const sequence = (...parts: Uint8Array[]) => encodeDer(0x30, ...parts);

/** A certificate as far as its names go. */
function certificate(
  commonNames: readonly (readonly [tag: number, value: Uint8Array])[],
  ...lists: (readonly (readonly [tag: number, value: Uint8Array])[])[]
): Uint8Array {
  const subject = sequence(
    ...commonNames.map(([tag, value]) =>
      encodeDer(0x31, sequence(encodeDer(0x06, COMMON_NAME), encodeDer(tag, value)))
    ),
  );
  const extensions = lists.map((names) =>
    sequence(
      encodeDer(0x06, ALTERNATIVE_NAMES),
      encodeDer(0x04, sequence(...names.map(([tag, value]) => encodeDer(tag, value)))),
    )
  );
  const nothing = sequence();
  return sequence(
    sequence(
      ...[encodeDer(0xa0, encodeDer(0x02, Uint8Array.of(2))), encodeDer(0x02, Uint8Array.of(1))],
      ...[nothing, nothing, nothing, subject, nothing],
      encodeDer(0xa3, sequence(...extensions)),
    ),
    nothing,
    encodeDer(0x03, Uint8Array.of(0)),
  );
}

function namesIn(der: Uint8Array) {
  return certificateNames(Certificate.parse(der));
}

Deno.test("certificateNames() returns the names of a real certificate by their kinds", async () => {
  const { certificate: pem } = await (await Authority.make()).issue({
    commonName: "Zoë",
    names: ["A.Example", "ip:192.0.2.1", "uri:urn:a", "email:A@b.example"],
  });
  const { addresses, ...names } = certificateNames(Certificate.parsePem(pem));
  assertEquals(names, {
    commonName: "Zoë",
    dns: ["A.Example"],
    uris: ["urn:a"],
    emails: ["A@b.example"],
  });
  assertEquals(addresses.map((one) => [...one]), [[192, 0, 2, 1]]);
});

Deno.test("a common name in a doubtful encoding is ignored", () => {
  const cases: [number, Uint8Array, string | undefined][] = [
    [0x0c, text("Zoë"), "Zoë"],
    [0x0c, Uint8Array.of(0x5a, 0xeb), undefined], // No UTF-8.
    [0x0c, Uint8Array.of(0xc0, 0x80), undefined], // An overlong NUL.
    [0x0c, text("\uFEFFalice"), undefined],
    [0x13, text("alice"), "alice"],
    [0x13, text("Zoë"), undefined],
    [0x14, text("alice"), "alice"],
    [0x14, Uint8Array.of(0x5a, 0xeb), undefined],
    [0x16, text("alice"), "alice"],
    [0x1e, Uint8Array.of(0, 0x61, 0, 0x62), "ab"],
    [0x1e, Uint8Array.of(0, 0x61, 0), undefined],
    [0x1e, Uint8Array.of(0xd8, 0), undefined],
    [0x1c, Uint8Array.of(0, 0, 0, 0x61), undefined],
    [0x04, text("alice"), undefined],
    [0x0c, text("alice\0"), undefined],
    [0x0c, text("alice\x1b[2J"), undefined],
    [0x0c, text(""), undefined],
  ];
  for (const [tag, value, expected] of cases) {
    assertEquals(namesIn(certificate([[tag, value]])).commonName, expected);
  }
  const alice = [0x0c, text("alice")] as const;
  assertEquals(namesIn(certificate([alice, alice])).commonName, undefined);
  assertEquals(namesIn(certificate([])).commonName, undefined);
});

Deno.test("an alternative name with NUL or outside of ASCII is none, and others count", () => {
  const names = ["a\0.example", "b.example", "zoë.example", "", "c .example"].map((name) =>
    [0x82, text(name)] as const
  );
  assertEquals(namesIn(certificate([], names)).dns, ["b.example", "c .example"]);
});

Deno.test("a certificate with two lists of alternative names has none that could be read", () => {
  const list = [[0x82, text("a.example")]] as const;
  assertThrows(() => namesIn(certificate([], list, list)), DerFormatError);
});

Deno.test("arbitrary bytes are names or DerFormatError, and nothing else", () => {
  const whole = certificate([[0x0c, text("alice")]], [[0x82, text("a.example")]]);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.uint8Array(), (at, byte, tail) => {
      for (const bytes of [whole.with(at, byte), whole.subarray(0, at), tail]) {
        try {
          const parsed = Certificate.parse(bytes);
          certificateNames(parsed);
          hostNames(parsed);
          alternativeNames(parsed);
          firstCommonName(parsed);
        } catch (error) {
          if (!(error instanceof DerFormatError)) throw error;
        }
      }
    }),
  );
});

Deno.test("hostNames() takes those of subjectAltName, else the common name", async () => {
  const names = async (listed: string[], commonName?: string) =>
    hostNames(Certificate.parsePem((await made({ names: listed, commonName })).certificate));
  assertEquals(await names(["A.example.", "b.example", "a.example"], "c.example"), [
    "a.example",
    "b.example",
  ]);
  assertEquals(await names([], "C.example"), ["c.example"]);
  assertEquals(await names(["ip:192.0.2.1"], "192.0.2.2"), []);
});

Deno.test("alternativeNames() returns names and addresses, and no common name", async () => {
  const names = async (listed?: string[]) => {
    const wanted = { ...listed && { names: listed }, commonName: "b.example" };
    return alternativeNames(Certificate.parsePem((await made(wanted)).certificate));
  };
  assertEquals(await names(["A.example", "ip:192.0.2.1", "ip:2001:db8::7"]), [
    "A.example",
    "192.0.2.1",
    "2001:db8::7",
  ]);
  assertEquals(await names(), []);
});

Deno.test("firstCommonName() is the first of the subject, whatever it names", async () => {
  for (const name of ["a.example", "Änn Example", "*", "x".repeat(64)]) {
    const { certificate: pem } = await made({ commonName: name });
    assertEquals(firstCommonName(Certificate.parsePem(pem)), name);
  }
  const { certificate: pem } = await made({ names: ["a.example"] });
  assertEquals(firstCommonName(Certificate.parsePem(pem)), undefined);
});

Deno.test("firstCommonName() reads every type of string that certificates have", () => {
  const named = (...values: [tag: number, value: Uint8Array][]) =>
    firstCommonName(Certificate.parse(certificate(values)));
  assertEquals(named([0x0c, text("Bär")], [0x0c, text("other")]), "Bär");
  assertEquals(named([0x13, text("Bear")]), "Bear");
  assertEquals(named([0x14, new Uint8Array([0x42, 0xe4, 0x72])]), "Bär");
  assertEquals(named([0x1e, new Uint8Array([0, 0x42, 0, 0xe4])]), "Bä");
  assertEquals(named(), undefined);
});
