/** Which certificates must be sent, for lists that differ in every way. */

import { certificateRuns, joinRuns } from "../../../src/control/certificate_runs.ts";
import { ProtocolError } from "../../../src/control/shapes.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

const [CERTIFICATE] = TLS_CONFIGURATION.certificates;

/** Certificates with these letters; capital ones have the fingerprint of the others, and another source. */
function list(letters: string) {
  return [...letters].map((letter) => ({
    ...CERTIFICATE!,
    ...{ fingerprint: letter.toLowerCase(), source: letter },
  }));
}

function changed(from: string, to: string) {
  const former = list(from);
  const { runs, fresh } = certificateRuns(list(to), former);
  const joined = joinRuns(runs, fresh, former);
  assertEquals(joined.map(({ source }) => source).join(""), to);
  return [JSON.stringify(runs), fresh.map(({ source }) => source).join("")];
}

Deno.test("certificateRuns() names what is new, and where the rest was", () => {
  assertEquals(changed("abcdef", "abcdef"), ["[[0,6]]", ""]);
  assertEquals(changed("abcdef", "abXdef"), ["[[0,2],1,[3,3]]", "X"]);
  assertEquals(changed("abcdef", "abxycdef"), ["[[0,2],2,[2,4]]", "xy"]);
  assertEquals(changed("abcdef", "abef"), ["[[0,2],[4,2]]", ""]);
  assertEquals(changed("abcdef", "defabc"), ["[[3,3],[0,3]]", ""]);
  assertEquals(changed("abc", "xyz"), ["[3]", "xyz"]);
  assertEquals(changed("abc", "aBc"), ["[[0,1],1,[2,1]]", "B"]);
  assertEquals(changed("aba", "aab"), ["[[0,1],[0,2]]", ""]);
  assertEquals(changed("abc", ""), ["[]", ""]);
  assertEquals(changed("", "ab"), ["[2]", "ab"]);
});

Deno.test("joinRuns() refuses runs of certificates that are not there", () => {
  assertThrows(() => joinRuns([1], [], ["a"]), ProtocolError);
  assertThrows(() => joinRuns([[0, 2]], ["a", "b"], ["a"]), ProtocolError);
});
