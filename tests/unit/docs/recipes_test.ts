/** Every recipe of docs/recipes.md is run by an end-to-end test. */

import { assertEquals } from "../../support/assert.ts";
import { recipeBlocks } from "../../support/recipe.ts";

const E2E = new URL("../../e2e/", import.meta.url);

Deno.test("every recipe is opened by a test", () => {
  const tests = [...Deno.readDirSync(E2E)].filter(({ name }) => /^recipes_.*_test\.ts$/.test(name))
    .map(({ name }) => Deno.readTextFileSync(new URL(name, E2E))).join("\n");
  const missed = [...recipeBlocks().keys()].filter((heading) => !tests.includes(`"${heading}"`));
  assertEquals(missed, []);
});
