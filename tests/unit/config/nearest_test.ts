import { nearest, suggestion } from "../../../src/config/nearest.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("nearest() finds the name behind a typing error, and nothing behind nonsense", () => {
  const names = ["backend", "backlog", "frontend", "ssl"];
  assertEquals(nearest("bakend", names), "backend");
  assertEquals(nearest("frontnd", names), "frontend");
  assertEquals(nearest("frotnend", names), "frontend");
  assertEquals(nearest("BACKLOGS", names), "backlog");
  assertEquals(nearest("sls", names), "ssl");
  assertEquals(nearest("xyz", names), undefined);
  assertEquals(nearest("", names), undefined);
  assertEquals(nearest("backend".repeat(1000), names), undefined);
});

Deno.test("suggestion() asks about a name, and is silent without one", () => {
  assertEquals(suggestion("backend", "--"), "; did you mean --backend?");
  assertEquals(suggestion(undefined, "--"), "");
});
