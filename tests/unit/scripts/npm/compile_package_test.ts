import { assert, assertEquals, assertRejects } from "../../../support/assert.ts";
import { compilePackage, type PackageModules } from "../../../../scripts/npm/compile_package.ts";

Deno.test("compilePackage() names our modules by .js wherever they are imported", async () => {
  const { files } = await compile({
    "mod.ts": 'import { a } from "./src/a.ts";\nexport * from "./src/b.ts";\n' +
      'export const late = (): Promise<unknown> => import("./src/c.ts");\nconsole.log(a);\n',
    "src/a.ts": 'import "../mod.ts";\nexport const a: string = "./src/a.ts";\n',
    "src/b.ts": 'export type { B } from "./d.ts";\nexport const b: import("./e.ts").E = 1;\n',
    "src/c.ts": "export {};\n",
    "src/d.ts": "export type B = 1;\n",
    "src/e.ts": "export type E = number;\n",
  });
  const main = files.get("mod.js")!;
  assertEquals([...main.matchAll(/"(\.[^"]+)"/g)].map(([, name]) => name), [
    "./src/a.js",
    "./src/b.js",
    "./src/c.js",
  ]);
  assert(files.get("src/a.js")!.includes('a = "./src/a.ts"'), "texts are no imports");
  assertEquals(files.get("mod.d.ts")!.includes('from "./src/b.js"'), true);
  assertEquals(files.get("src/b.d.ts")!.includes('from "./d.js"'), true);
  assertEquals(files.get("src/b.d.ts")!.includes('import("./e.js")'), true);
  assertEquals([...files.keys()].filter((path) => !path.endsWith(".map")).sort(), [
    ...["mod.d.ts", "mod.js", "src/a.js", "src/b.d.ts", "src/b.js", "src/c.js"],
    ...["src/d.d.ts", "src/e.d.ts"],
  ]);
});

Deno.test("compilePackage() names libraries as npm does, with their versions", async () => {
  const { files, dependencies } = await compile({
    "mod.ts": 'import "@std/cli/parse-args";\nimport "@scope/log";\nimport "#runtime";\n' +
      'import "node:net";\nimport type { T } from "types-alone";\nexport const a: T = await 1;\n',
  });
  const names = [...files.get("mod.js")!.matchAll(/import "([^"]+)"/g)].map(([, name]) => name);
  assertEquals(names, ["deno-std/cli/parse_args.js", "@scope/log", "#runtime", "node:net"]);
  assertEquals(Object.fromEntries(dependencies), {
    "deno-std": "1.4.0",
    "@scope/log": "2.0.1",
    "types-alone": "3.0.0",
  });
});

Deno.test("compilePackage() keeps private fields, and the TypeScript in the source map", async () => {
  const text = "/** Doc. */\nexport class A {\n  readonly #a: number = 1;\n" +
    "  get a(): number {\n    return this.#a;\n  }\n}\n/** @internal */\nexport const b = 1;\n";
  const { files } = await compile({ "mod.ts": text });
  assert(files.get("mod.js")!.includes("return this.#a"));
  assert(files.get("mod.d.ts")!.includes("/** Doc. */"));
  assert(!files.get("mod.d.ts")!.includes("const b"));
  const { sources, sourcesContent } = JSON.parse(files.get("mod.js.map")!);
  assertEquals({ sources, sourcesContent }, { sources: ["mod.ts"], sourcesContent: [text] });
});

Deno.test("compilePackage() refuses what it cannot compile, naming the place", async () => {
  const refused: [string, string][] = [
    ["export const a = 1;\nexport const b = Math.max(1);\n", "mod.ts:2: Variable must have an"],
    ["export const a = ;\n", "mod.ts:1: Expression expected"],
    [
      'import json from "./a.json" with { type: "json" };\nconsole.log(json);\n',
      "mod.ts: ./a.json",
    ],
    ['import "unknown";\n', "mod.ts: unknown is not from npm"],
    ['import "@std/local";\n', "mod.ts: @std/local is not from npm"],
  ];
  for (const [text, message] of refused) {
    await assertRejects(() => compile({ "mod.ts": text }), Error, message);
  }
});

async function compile(sources: Record<string, string>): Promise<PackageModules> {
  return await compilePackage({
    program: ["mod.ts"],
    library: "mod.ts",
    importMap: {
      "@std/cli/parse-args": "npm:deno-std@1.4.0/cli/parse_args.js",
      "@scope/log": "npm:@scope/log@2.0.1",
      "types-alone": "npm:types-alone@3.0.0",
      "@std/local": "./local.ts",
    },
    packageNames: ["#runtime"],
    read: (path) => Promise.resolve(sources[path]!),
  });
}
