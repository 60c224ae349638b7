/** The choice of certificates by name. */

import fc from "fast-check";
import { CertificateIndex } from "../../../src/tls/certificate_index.ts";
import type { ClientRules } from "../../../src/tls/tls_configuration.ts";
import { assert, assertEquals } from "../../support/assert.ts";

interface Entry {
  names: string[];
  keyType: string;
  curve?: string;
  clientRules?: ClientRules;
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

/** Whether a client can verify, by the kinds of keys that it knows. */
function knowing(list: Entry[], ...kinds: string[]) {
  return (place: number) => kinds.includes(list[place]!.curve ?? list[place]!.keyType);
}

const on = (curve: string, ...names: string[]): Entry => ({ names, keyType: "ec", curve });

Deno.test("chooseFor() prefers exact to wildcard to default, among those the client can verify", () => {
  const list = [ec("b.a"), rsa("*.a"), { ...ec("x"), keyType: "ed25519" }];
  const index = new CertificateIndex(list, 2);
  const choose = (name: string | undefined, byDefault: boolean, ...kinds: string[]) =>
    index.chooseFor(name, knowing(list, ...kinds), byDefault);
  assertEquals(choose("b.a", true, "ec", "rsa"), [0]);
  assertEquals(choose("b.a", true, "rsa"), [1]);
  assertEquals(choose("c.a", true, "ec", "ed25519"), [2]);
  assertEquals(choose("b.a", true, "ed25519"), [2]);
  assertEquals(choose("b.a", false, "ed25519"), [0]);
  assertEquals(choose("b.a", true), [0]);
  assertEquals(choose("c.a", false), [1]);
  assertEquals(choose("y", true, "rsa"), undefined);
  assertEquals(choose(undefined, true, "rsa"), [2]);
});

Deno.test("chooseFor() serves the other curve to a client that does not know the first one", () => {
  const list = [on("P-384", "a"), rsa("a"), on("P-256", "a"), on("P-521", "a"), on("P-384", "a")];
  const index = new CertificateIndex(list, 0);
  for (const name of ["a", undefined]) {
    const choose = (...kinds: string[]) => index.chooseFor(name, knowing(list, ...kinds), true);
    assertEquals(choose("P-384", "P-256"), [0, 1]);
    assertEquals(choose("P-256", "rsa"), [1, 2]);
    assertEquals(choose("P-521"), [1, 3]);
    assertEquals(choose("rsa"), [0, 1]);
    assertEquals(choose(), [0, 1]);
    assert(choose("P-521") === choose("P-521"));
    assert(index.sets().includes(choose("P-521")!));
  }
  assertEquals([...index.reachable()].sort(), [0, 1, 2, 3]);
});

Deno.test("chooseFor() never leads round the rules for clients", () => {
  const strict: ClientRules = { verify: "required", authorities: "one" };
  const choose = (...rules: (ClientRules | undefined)[]) => {
    const [exact, wildcard] = [ec("b.a"), rsa("*.a")].map((each, at) => ({
      ...each,
      ...rules[at] && { clientRules: rules[at] },
    }));
    const list = [exact!, wildcard!];
    return new CertificateIndex(list, 1).chooseFor("b.a", knowing(list, "rsa"), true);
  };
  assertEquals(choose(strict, undefined), [0]);
  assertEquals(choose(undefined, strict), [0]);
  assertEquals(choose(strict, { ...strict, authorities: "other" }), [0]);
  assertEquals(choose(strict, { ...strict }), [1]);
});

Deno.test("reachable() returns which certificates can be chosen at all", () => {
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
