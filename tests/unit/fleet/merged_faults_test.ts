/** The failed handshakes of several workers, and what is believed of one. */

import { type HandshakeFailure, REQUESTS } from "../../../src/control/messages.ts";
import { ProtocolError } from "../../../src/control/shapes.ts";
import { failuresToTell } from "../../../src/control/worker_messages.ts";
import { mergedFailures } from "../../../src/fleet/fleet.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

const FAILURE: HandshakeFailure = {
  ...{ frontend: "*,443", reason: "not-tls", count: 2, lastTime: "2026-01-01T00:00:02.000Z" },
  ...{ lastClient: "192.0.2.1:1", lastServerName: "" },
};

Deno.test("failures of several workers are sums, with the last client of all", () => {
  const later = { ...FAILURE, lastTime: "2026-01-01T00:00:03.000Z", lastClient: "192.0.2.2:2" };
  const other = { ...FAILURE, reason: "closed", count: 5 } as const;
  assertEquals(mergedFailures([FAILURE, later, other, FAILURE]), [
    { ...later, count: 6 },
    other,
  ]);
});

Deno.test("a worker is believed only codes that exist, and its longest texts fit", () => {
  const { answer } = REQUESTS.failures;
  const long = "x".repeat(5_000);
  const told = failuresToTell([{ ...FAILURE, frontend: long, lastServerName: long }]);
  assertEquals(answer({ failures: told }, "answer").failures.length, 1);
  assertThrows(
    () => answer({ failures: [{ ...FAILURE, reason: "mine" }] }, "answer"),
    ProtocolError,
  );
});
