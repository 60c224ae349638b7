/** Revocation lists that are damaged in any way: a list or a StartupError, and nothing else. */

import fc from "fast-check";
import { StartupError } from "../../../src/errors.ts";
import {
  checkRevocationLists,
  missingListsWarning,
  revocationListsIn,
  revocationListWarning,
  warningDays,
} from "../../../src/x509/revocation_lists.ts";
import { assert, assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { Authority } from "../../support/authority.ts";

const DAY = 86_400_000;

Deno.test("no byte of a list can be changed without its being refused", async () => {
  const authority = await Authority.make("Clients");
  const from = {
    ...{ source: "/crl", authorities: authority.certificate, authoritiesSource: "/ca" },
  };
  const pem = new TextEncoder().encode(await authority.revoke(["1a", "2b"]));
  const [whole] = revocationListsIn(pem, "/crl");
  assertEquals(checkRevocationLists([whole!], from).length, 1);
  const refused = (bytes: Uint8Array) => {
    try {
      checkRevocationLists(revocationListsIn(bytes, "/crl"), from);
    } catch (error) {
      if (!(error instanceof StartupError)) throw error;
      assert(error.message.startsWith("/crl: "), error.message);
      return true;
    }
    return false;
  };
  for (const [at, byte] of whole!.entries()) {
    for (const change of [0x01, 0x80, 0xff]) {
      assert(refused(whole!.with(at, byte ^ change)), `byte ${at}`);
    }
    assert(refused(whole!.subarray(0, at)), `cut at ${at}`);
  }
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert(refused(bytes))));
});

Deno.test("what lives for a week is worth a word on its last day, and what lives long a week before", () => {
  const days = (life: number) =>
    warningDays({
      thisUpdate: new Date(0).toISOString(),
      nextUpdate: new Date(life * DAY).toISOString(),
    });
  assertEquals(days(5), [1, 0.5]);
  assertEquals(days(365), [7, 1]);
  assertEquals(warningDays({ thisUpdate: new Date(0).toISOString() }), []);
});

Deno.test("warnings name the list and what becomes of its certificates", () => {
  const list = {
    ...{ source: "/crl", pem: "", issuer: "CN=a" },
    thisUpdate: new Date(10 * DAY).toISOString(),
    nextUpdate: new Date(20 * DAY).toISOString(),
  };
  const on = (day: number) => revocationListWarning(list, new Date(day * DAY));
  assertStringIncludes(on(9)!, "/crl: the revocation list of CN=a is not valid before 1970-01-11");
  assertEquals(on(15), undefined);
  assertStringIncludes(on(19.5)!, "expires in 12 hours, on 1970-01-21");
  assertStringIncludes(
    on(21)!,
    "expired on 1970-01-21T00:00:00.000Z; its certificates are refused",
  );
});

Deno.test("authorities without a list are named, but only where there are lists", async () => {
  const authorities = await Promise.all(
    ["A", "B", "C", "D", "E"].map((name) => Authority.make(name)),
  );
  const text = authorities.map(({ certificate }) => certificate).join("");
  const from = { source: "/crl", authorities: text, authoritiesSource: "/ca" };
  const pem = new TextEncoder().encode(await authorities[0]!.revoke([]));
  const lists = checkRevocationLists(revocationListsIn(pem, "/crl"), from);
  assertStringIncludes(
    missingListsWarning(lists, from)!,
    "/crl: no revocation list of CN=B and CN=C and CN=D and 1 other; ",
  );
  assertEquals(missingListsWarning([], from), undefined);
});
