/** What `GET /status` sends, and what of it is kept. */

import { encodeStatus } from "../../../src/status/encode_status.ts";
import type { Status } from "../../../src/status/status.ts";
import { assertEquals } from "../../support/assert.ts";
import { busyStatus } from "../../support/made_status.ts";

function statusOf(count: number): Status {
  const status = busyStatus();
  const [one] = status.certificates;
  return {
    ...status,
    // Nothing that a certificate or client says is taken for the place of the certificates.
    version: '"certificates":[]}',
    certificates: Array.from(
      { length: count },
      (_, index) => ({ ...one!, source: `${index}.pem` }),
    ),
  };
}

function parsed(parts: readonly Uint8Array[]): unknown {
  return JSON.parse(parts.map((part) => new TextDecoder().decode(part)).join(""));
}

Deno.test("encodeStatus() writes the JSON of any number of certificates", () => {
  for (const count of [0, 1, 99, 100, 101, 250]) {
    const status = statusOf(count);
    assertEquals(parsed(encodeStatus(status)), JSON.parse(JSON.stringify(status)));
  }
});

Deno.test("encodeStatus() encodes only the certificates again that have changed", () => {
  const status = statusOf(250);
  const first = encodeStatus(status);
  const certificates = [...status.certificates];
  certificates[101] = { ...certificates[101]!, daysLeft: 1 };
  const next = { ...status, certificates };
  const second = encodeStatus(next);
  assertEquals(parsed(second), JSON.parse(JSON.stringify(next)));
  assertEquals(second.filter((part) => first.includes(part)).length, 2);
  assertEquals(encodeStatus(next).filter((part) => second.includes(part)).length, 3);
});
