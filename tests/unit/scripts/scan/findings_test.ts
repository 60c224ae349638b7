/** Reading what testssl.sh has found. */

import { assertEquals, assertThrows } from "@std/assert";
import { aboveLow, findings, findingsTable } from "../../../../scripts/scan/findings.ts";

const JSON_FILE = JSON.stringify([
  { id: "SSLv3", ip: "a/127.0.0.1", port: "1", severity: "OK", finding: "not offered" },
  { id: "TLS1_2", ip: "a/127.0.0.1", port: "1", severity: "OK", finding: "offered" },
  { id: "ALPN", ip: "a/127.0.0.1", port: "1", severity: "INFO", finding: "not offered" },
  { id: "CAA", ip: "a/127.0.0.1", port: "1", severity: "LOW", finding: " a | b " },
  { id: "order", ip: "a/127.0.0.1", port: "1", severity: "MEDIUM", finding: "none" },
]);

Deno.test("aboveLow() keeps what is worse than LOW", () => {
  assertEquals(aboveLow(findings(JSON_FILE)).map(({ id }) => id), ["order"]);
});

Deno.test("findingsTable() counts everything and shows what is more than information", () => {
  assertEquals(findingsTable(findings(JSON_FILE)).split("\n"), [
    "2 OK, 1 INFO, 1 LOW, 1 MEDIUM.",
    "",
    "| id | severity | finding |",
    "| --- | --- | --- |",
    "| CAA | LOW | a \\| b |",
    "| order | MEDIUM | none |",
  ]);
});

Deno.test("findings() refuses what is no list of findings", () => {
  assertThrows(() => findings('{"scanResult": []}'), Error, "list of findings");
  assertThrows(() => findings('[{"id": "x"}]'), Error, "list of findings");
});
