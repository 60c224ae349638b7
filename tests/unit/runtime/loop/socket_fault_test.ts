/** What errno(3) means, in stud's words. */

import {
  ECONNREFUSED,
  ECONNRESET,
  EHOSTUNREACH,
  EMFILE,
  ENOENT,
  ENOMEM,
  EPIPE,
  ETIMEDOUT,
} from "../../../../src/runtime/linux/abi.ts";
import { CLOSED, SocketError } from "../../../../src/runtime/loop/libc.ts";
import { socketFault } from "../../../../src/runtime/loop/socket_fault.ts";
import { assert, assertEquals } from "../../../support/assert.ts";

const KINDS = {
  [CLOSED]: "gone",
  [ECONNRESET]: "reset",
  [EPIPE]: "gone",
  [ECONNREFUSED]: "refused",
  [ENOENT]: "refused",
  [ETIMEDOUT]: "timeout",
  [EHOSTUNREACH]: "unreachable",
  [EMFILE]: "resources",
  [ENOMEM]: "resources",
};

for (const [errno, kind] of Object.entries(KINDS)) {
  Deno.test(`socketFault() of errno ${errno} is ${kind}`, () => {
    const error = SocketError.of(Number(errno));
    const fault = socketFault(error, "backend");
    assertEquals([fault.kind, fault.party, fault.cause], [kind, "backend", error]);
  });
}

Deno.test("socketFault() keeps the number of an error that means nothing to it", () => {
  const fault = socketFault(SocketError.of(95), "client");
  assertEquals([fault.kind, fault.message], ["other", "os error 95"]);
});

Deno.test("socketFault() keeps the parties apart", () => {
  const error = SocketError.of(ECONNRESET);
  assert(error === SocketError.of(ECONNRESET));
  const parties = (["client", "backend", "client"] as const).map((party) =>
    socketFault(error, party).party
  );
  assertEquals(parties, ["client", "backend", "client"]);
});
