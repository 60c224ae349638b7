/** The queries of the endpoints. */

import { connectionQuery } from "../../../src/status/connection_query.ts";
import { parseQuery, splitTarget } from "../../../src/status/query.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

const ALL = ["client", "frontend", "sni", "backend", "min-age", "min-idle", "limit"];

Deno.test("splitTarget() cuts at the first question mark", () => {
  assertEquals(splitTarget("/a?b=c?d"), { path: "/a", query: "b=c?d" });
  assertEquals(splitTarget("/a"), { path: "/a", query: "" });
});

Deno.test("parseQuery() refuses what is unknown, empty or given twice", () => {
  assertEquals([...parseQuery("client=%31&sni=a%20b", ALL)], [["client", "1"], ["sni", "a b"]]);
  for (
    const [query, why] of [["clent=1", "unknown"], ["client=", "no value"], [
      "sni=a&sni=b",
      "twice",
    ]]
  ) {
    assertThrows(() => parseQuery(query!, ALL), Error, why!);
  }
  assertThrows(() => parseQuery("a=1", []), Error, "there are none here");
});

Deno.test("connectionQuery() makes a filter of what is there, and nothing else", () => {
  assertEquals(connectionQuery(parseQuery("", ALL)), { filter: {}, limit: 100 });
  assertEquals(
    connectionQuery(parseQuery("client=192.0.2.0/24&sni=a&min-age=1.5&limit=7", ALL)),
    { filter: { client: "192.0.2.0/24", serverName: "a", minAge: 1.5 }, limit: 7 },
  );
  for (
    const query of [
      "client=a",
      "client=1.2.3.4/33",
      "min-age=-1",
      "min-idle=x",
      "limit=0",
      "limit=9999",
    ]
  ) {
    assertThrows(() => connectionQuery(parseQuery(query, ALL)), Error);
  }
});

Deno.test("splitTarget() takes an absolute target as its path", () => {
  assertEquals(splitTarget("http://127.0.0.1:9/healthz?a=b"), { path: "/healthz", query: "a=b" });
  assertEquals(splitTarget("/http://x/y"), { path: "/http://x/y", query: "" });
});
