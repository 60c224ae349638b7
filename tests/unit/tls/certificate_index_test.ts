/** The choice of certificates by name. */

import fc from "fast-check";
import { CertificateIndex } from "../../../src/tls/certificate_index.ts";
import { assert, assertEquals } from "../../support/assert.ts";

interface Entry {
  names: string[];
  keyType: string;
}

const rsa = (...names: string[]): Entry => ({ names, keyType: "rsa" });
const ec = (...names: string[]): Entry => ({ names, keyType: "ec" });

Deno.test("choose() prefers the exact name to a wildcard", () => {
  const index = new CertificateIndex([rsa("*.a.example"), rsa("b.a.example"), rsa("x")], 2);
  assertEquals(index.choose("b.a.example"), [1]);
  assertEquals(index.choose("c.a.example"), [0]);
});

Deno.test("choose() lets a wildcard cover one label, no less and no more", () => {
  const index = new CertificateIndex([rsa("*.a.example"), rsa("x")], 1);
  assertEquals(index.choose("b.a.example"), [0]);
  for (const name of ["a.example", "c.b.a.example", ".a.example", "example", ""]) {
    assertEquals(index.choose(name), undefined, name);
  }
});

Deno.test("choose() serves one certificate of each type, the first listed", () => {
  const index = new CertificateIndex([rsa("a"), ec("a", "b"), rsa("a"), ec("a"), rsa("b")], 2);
  assertEquals(index.choose("a"), [0, 1]);
  assertEquals(index.choose("b"), [1, 4]);
});

Deno.test("choose() never completes an exact name with a wildcard's other type", () => {
  const index = new CertificateIndex([ec("*.a"), rsa("b.a")], 0);
  assertEquals(index.choose("b.a"), [1]);
});

Deno.test("choose() without a name serves the default, and other types for the same names", () => {
  const list = [ec("a", "b"), rsa("a"), rsa("b", "a"), ec("b", "a"), rsa("b")];
  assertEquals(new CertificateIndex(list, 2).choose(undefined), [0, 2]);
  assertEquals(new CertificateIndex(list, 3).defaultSet, [2, 3]);
  assertEquals(new CertificateIndex(list, 4).defaultSet, [4]);
  assertEquals(new CertificateIndex([rsa(), ec()], 0).defaultSet, [0, 1]);
});

Deno.test("choose() gives the same array for the same certificates", () => {
  const index = new CertificateIndex([rsa("a", "b", "*.c"), ec("a", "b", "*.c")], 0);
  const set = index.choose("a");
  for (const name of ["a", "b", "d.c", undefined]) assert(index.choose(name) === set, name);
});

Deno.test("reachable() tells which certificates can be chosen at all", () => {
  const list = [rsa("a"), rsa("a"), ec("a"), rsa(), rsa("a", "b"), rsa("a")];
  assertEquals([...new CertificateIndex(list, 5).reachable()].sort(), [0, 2, 4, 5]);
});

/** What the index does, in the words of its description. */
function naive(list: Entry[], byDefault: number, name: string | undefined): number[] | undefined {
  const firstOfEachType = (places: number[]) =>
    places.filter((place) =>
      places.find((other) => list[other]!.keyType === list[place]!.keyType) === place
    );
  if (name === undefined) {
    const key = ({ names }: Entry) => [...new Set(names)].sort().join();
    const others = list.map((_, place) => place).filter((place) =>
      key(list[place]!) === key(list[byDefault]!) &&
      list[place]!.keyType !== list[byDefault]!.keyType
    );
    return [...firstOfEachType(others), byDefault].sort((a, b) => a - b);
  }
  const wildcard = name.replace(/^[^.]+\./, "*.");
  for (const wanted of [name, wildcard]) {
    const places = list.flatMap((one, place) => one.names.includes(wanted) ? [place] : []);
    if (places.length > 0) return firstOfEachType(places);
  }
  return undefined;
}

Deno.test("choose() does what a search through the list does", () => {
  const label = fc.constantFrom("a", "b", "c");
  const host = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("."));
  const name = fc.oneof(host, host.map((text) => `*.${text}`));
  const entry = fc.record({
    names: fc.uniqueArray(name, { maxLength: 3 }),
    keyType: fc.constantFrom("rsa", "ec", "ed25519"),
  });
  const list = fc.array(entry, { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(list, fc.nat(), fc.option(host, { nil: undefined }), (all, n, asked) => {
    const byDefault = n % all.length;
    const index = new CertificateIndex(all, byDefault);
    assertEquals(index.choose(asked), naive(all, byDefault, asked));
    assert(index.choose(asked) === index.choose(asked));
    assert(index.defaultSet.includes(byDefault));
  }));
});
