import { hitchStamp } from "../../../src/log/hitch_stamp.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("hitchStamp() writes local time, process id and text as hitch does", () => {
  const date = new Date(2026, 0, 2, 3, 4, 5, 67);
  assertEquals(
    hitchStamp({ date, pid: 4711, text: "{core} online" }),
    "20260102T030405.067000 [ 4711] {core} online",
  );
  assertEquals(
    hitchStamp({ date: new Date(2026, 11, 31, 23, 59, 59, 999), pid: 123456, text: "" }),
    "20261231T235959.999000 [123456] ",
  );
});
