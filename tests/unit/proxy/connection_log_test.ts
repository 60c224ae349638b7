/** The line for a connection that has ended. */

import { configureLog } from "../../../src/log/log.ts";
import { logConnection } from "../../../src/proxy/connection_log.ts";
import { assertEquals } from "../../support/assert.ts";
import { pairOf } from "../../support/fake_stream.ts";

Deno.test("logConnection() logs what was negotiated, as far as it is known", () => {
  const lines: string[] = [];
  const log = configureLog((_, text) => lines.push(text), "debug");
  const client = { pair: pairOf(40_001), serverName: "a.example" };
  logConnection(log, client, undefined);
  logConnection(log, client, { protocol: "TLSv1.3", cipher: "C", alpn: "h2", resumed: true });
  assertEquals(lines, [
    "client 198.51.100.7:40001 to 192.0.2.1:8443 for a.example: ended",
    "client 198.51.100.7:40001 to 192.0.2.1:8443 for a.example: ended (TLSv1.3, C, h2, resumed)",
  ]);
});
