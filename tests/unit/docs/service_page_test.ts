/** What docs/service.md lists is what the option table has. */

import { OPTIONS } from "../../../src/config/options.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("service.md lists the options that need a restart", () => {
  const page = Deno.readTextFileSync(new URL("../../../docs/service.md", import.meta.url));
  const [, list] = /need a restart, and stud\s+logs that: ([^.]*)\./.exec(page)!;
  assertEquals(
    list!.split(/,\s+/),
    OPTIONS.filter(({ isFixed }) => isFixed).map(({ name }) => `\`--${name}\``),
  );
});
