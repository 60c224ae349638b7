/** What has failed in several workers, and what is believed of one. */

import { type HandshakeFailure, MAX_LINE, REQUESTS } from "../../../src/control/messages.ts";
import { ProtocolError } from "../../../src/control/shapes.ts";
import { faultsToTell } from "../../../src/control/worker_messages.ts";
import { mergedFaults } from "../../../src/fleet/merged_faults.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

const FAILURE: HandshakeFailure = {
  ...{ frontend: "*,443", reason: "not-tls", count: 2, lastTime: "2026-01-01T00:00:02.000Z" },
  ...{ lastClient: "192.0.2.1:1", lastServerName: "" },
};
const BACKEND = { address: "192.0.2.9:80", time: "2026-01-01T00:00:02.000Z", reason: "refused" };

Deno.test("failures of several workers are sums, with the last client of all", () => {
  const later = { ...FAILURE, lastTime: "2026-01-01T00:00:03.000Z", lastClient: "192.0.2.2:2" };
  const other = { ...FAILURE, reason: "closed", count: 5 } as const;
  const one = { handshakes: [FAILURE, later], backends: [] };
  const two = { handshakes: [other, FAILURE], backends: [] };
  assertEquals(mergedFaults([one, two]).handshakes, [{ ...later, count: 6 }, other]);
});

Deno.test("of each backend address the last failure in any worker counts", () => {
  const later = { ...BACKEND, time: "2026-01-01T00:00:03.000Z", reason: "timeout" };
  const other = { ...BACKEND, address: "192.0.2.8:80" };
  const one = { handshakes: [], backends: [later] };
  const two = { handshakes: [], backends: [BACKEND, other] };
  const { backends } = mergedFaults([one, two]);
  assertEquals(new Map(backends.map((each) => [each.address, each])).size, 2);
  assertEquals(backends.find(({ address }) => address === BACKEND.address), later);
});

Deno.test("a worker is believed only codes that exist, and its longest texts fit into a line", () => {
  const { answer } = REQUESTS.faults;
  const long = "\u0001".repeat(5_000);
  const told = faultsToTell({
    handshakes: Array(3_000).fill({ ...FAILURE, frontend: long, lastServerName: long }),
    backends: Array(3_000).fill({ ...BACKEND, address: long, reason: long }),
  });
  assert(JSON.stringify(told).length < MAX_LINE);
  assertEquals(answer({ ...told }, "answer").handshakes.length, told.handshakes.length);
  assertThrows(
    () => answer({ handshakes: [{ ...FAILURE, reason: "mine" }], backends: [] }, "answer"),
    ProtocolError,
  );
});
