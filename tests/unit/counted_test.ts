import { counted } from "../../src/counted.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("counted() says one thing in the singular, and none or many in the plural", () => {
  assertEquals([0, 1, 2].map((number) => counted(number, "worker")), [
    "0 workers",
    "1 worker",
    "2 workers",
  ]);
  assertEquals([1, 2].map((number) => counted(number, "entry", "entries")), [
    "1 entry",
    "2 entries",
  ]);
});
