/** Names in certificates: only what every reader takes for the same name is one. */

import fc from "fast-check";
import { certificateNames } from "../../../src/x509/certificate_names.ts";
import { DerFormatError } from "../../../src/x509/der.ts";
import { encodeDer } from "../../../src/x509/encode_der.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";
import { Authority } from "../../support/authority.ts";

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

Deno.test("certificateNames() tells the names of a real certificate by their kinds", async () => {
  const { certificate: pem } = await (await Authority.make()).issue({
    commonName: "Zoë",
    names: ["A.Example", "ip:192.0.2.1", "uri:urn:a", "email:A@b.example"],
  });
  const der = Uint8Array.from(
    atob(pem.replace(/-----.*?-----|\s/g, "")),
    (one) => one.charCodeAt(0),
  );
  const { addresses, ...names } = certificateNames(der);
  assertEquals(names, {
    commonName: "Zoë",
    dns: ["A.Example"],
    uris: ["urn:a"],
    emails: ["A@b.example"],
  });
  assertEquals(addresses.map((one) => [...one]), [[192, 0, 2, 1]]);
});

Deno.test("a common name in an encoding of doubt is none", () => {
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
    assertEquals(certificateNames(certificate([[tag, value]])).commonName, expected);
  }
  const alice = [0x0c, text("alice")] as const;
  assertEquals(certificateNames(certificate([alice, alice])).commonName, undefined);
  assertEquals(certificateNames(certificate([])).commonName, undefined);
});

Deno.test("an alternative name with NUL or outside of ASCII is none, and others count", () => {
  const names = ["a\0.example", "b.example", "zoë.example", "", "c .example"].map((name) =>
    [0x82, text(name)] as const
  );
  assertEquals(certificateNames(certificate([], names)).dns, ["b.example", "c .example"]);
});

Deno.test("a certificate with two lists of alternative names has none that could be read", () => {
  const list = [[0x82, text("a.example")]] as const;
  assertThrows(() => certificateNames(certificate([], list, list)), DerFormatError);
});

Deno.test("arbitrary bytes are names or DerFormatError, and nothing else", () => {
  const whole = certificate([[0x0c, text("alice")]], [[0x82, text("a.example")]]);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.uint8Array(), (at, octet, tail) => {
      for (const octets of [whole.with(at, octet), whole.subarray(0, at), tail]) {
        try {
          certificateNames(octets);
        } catch (error) {
          if (!(error instanceof DerFormatError)) throw error;
        }
      }
    }),
  );
});
