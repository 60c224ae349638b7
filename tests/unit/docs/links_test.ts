/** Links inside the documentation lead somewhere: to a file that is there, and to a heading of it. */

import { assert, assertEquals } from "../../support/assert.ts";

const root = new URL("../../../", import.meta.url);
const PAGES = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md"],
  ...[...Deno.readDirSync(new URL("docs", root))].map(({ name }) => `docs/${name}`)
    .filter((name) => name.endsWith(".md")),
];
const LINK = /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g;

Deno.test("every link between pages leads to a file and a heading that are there", () => {
  let links = 0;
  for (const page of PAGES) {
    for (const [link, path, heading] of textOf(page).matchAll(LINK)) {
      links++;
      const target = path === "" ? page : new URL(path!, new URL(page, root)).pathname
        .slice(root.pathname.length);
      assert(exists(target), `${page}: ${link}`);
      if (heading !== undefined) assert(anchors(target).includes(heading), `${page}: ${link}`);
    }
  }
  assert(links > 20);
});

Deno.test("README.md is at most 200 lines of at most 120 columns", () => {
  const lines = textOf("README.md").split("\n");
  assert(lines.length <= 200, `${lines.length} lines`);
  assertEquals(lines.filter((line) => line.length > 120), []);
});

Deno.test("README.md leads to every page", () => {
  const readme = textOf("README.md");
  for (const page of PAGES.filter((name) => name.startsWith("docs/"))) {
    assert(readme.includes(`(${page}`), page);
  }
});

/** As GitHub makes them of headings. */
function anchors(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-")
  );
}

function textOf(page: string): string {
  return Deno.readTextFileSync(new URL(page, root));
}

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, root));
    return true;
  } catch {
    return false;
  }
}
