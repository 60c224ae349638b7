/** What the clients that are not ours say about their work. */

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { parseSTime, parseWrk } from "../../../../scripts/bench/client.ts";

const S_TIME = (letters: string) =>
  `Collecting connection statistics for 1 seconds
${letters}

1021 connections in 0.53s; 1926.42 connections/user sec, bytes read 0
1021 connections in 2 real seconds, 0 bytes read per connection
`;

Deno.test("parseSTime() counts connections, and those of the letters that resumed", () => {
  assertEquals(parseSTime(S_TIME("****")), { connections: 1021, resumed: 0 });
  assertEquals(parseSTime(S_TIME("tttt")), { connections: 1021, resumed: 0 });
  assertEquals(parseSTime(S_TIME("rrrr")), { connections: 1021, resumed: 1 });
  assertAlmostEquals(parseSTime(S_TIME("rr*r")).resumed, 0.75);
});

Deno.test("parseSTime() fails where no connection was made", () => {
  assertThrows(() => parseSTime("Collecting connection statistics for 1 seconds\nERROR\n"));
});

const WRK = (errors: string) =>
  `Running 2s test @ https://127.0.0.1:4433/
  1 threads and 20 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     5.00ms    1.00ms  20.00ms   90.00%
  2714 requests in 2.00s, 808.66KB read
${errors}Requests/sec:   1356.99
`;

Deno.test("parseWrk() counts requests", () => {
  assertEquals(parseWrk(WRK("")), 2714);
});

Deno.test("parseWrk() fails on errors that wrk counted, and where nothing was answered", () => {
  const errors = "  Socket errors: connect 0, read 3, write 0, timeout 0\n";
  assertThrows(() => parseWrk(WRK(errors)), Error, "read 3");
  assertThrows(() => parseWrk(WRK("  Non-2xx or 3xx responses: 12\n")), Error, "Non-2xx");
  assertThrows(() => parseWrk(WRK("").replace("2714", "0")));
});
