/** Which preface a connection gets. */

import { prefaceEncoder } from "../../../src/proxy/preface.ts";
import { assertEquals } from "../../support/assert.ts";

const CLIENT = {
  peer: { host: "198.51.100.7", port: 56_324 },
  local: { host: "192.0.2.1", port: 443 },
};

Deno.test("prefaceEncoder() chooses by kind, and client and server are not exchanged", () => {
  assertEquals(prefaceEncoder("none")({ pair: CLIENT }), undefined);
  assertEquals([...prefaceEncoder("ip")({ pair: CLIENT })!], [2, 198, 51, 100, 7]);
  assertEquals(
    new TextDecoder().decode(prefaceEncoder("proxy-v1")({ pair: CLIENT })),
    "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n",
  );
});
