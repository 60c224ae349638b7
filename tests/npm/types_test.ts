/** The npm package's types: for its users, and of its sources on the oldest Node that it supports. */

import { assertEquals } from "../support/assert.ts";
import { TYPED } from "./consumer_programs.ts";
import {
  filesBelow,
  installBeside,
  type InstalledPackage,
  testPackage,
} from "./installed_package.ts";

const root = new URL("../../", import.meta.url);

testPackage("types: a strict program needs neither Node's nor the browser's", async () => {
  const consumer = await installed();
  await consumer.write("use.mts", TYPED);
  await consumer.write("tsconfig.json", configuration(["use.mts"], { types: [] }));
  // As if they were not installed: a declaration of stud's could name them.
  await Deno.rename(`${consumer.folder}/node_modules/@types`, `${consumer.folder}/hidden`);
  try {
    assertEquals((await consumer.run("node", TSC)).stdout, "");
  } finally {
    await Deno.rename(`${consumer.folder}/hidden`, `${consumer.folder}/node_modules/@types`);
  }
});

testPackage("types: the sources use nothing that the oldest Node lacks", async () => {
  const consumer = await installed();
  await consumer.write("mod.ts", await Deno.readTextFile(new URL("mod.ts", root)));
  for await (const path of filesBelow(new URL("src", root).pathname)) {
    await consumer.write(`src/${path}`, await Deno.readTextFile(new URL(`src/${path}`, root)));
  }
  // Newer versions of Node have it; on older ones it is undefined.
  await consumer.write("import_meta.d.ts", "interface ImportMeta { readonly main?: boolean }\n");
  const paths = {
    "#runtime": ["./src/runtime/node/runtime.ts"],
    "#signals": ["./src/runtime/node/signals.ts"],
  };
  const files = ["mod.ts", "src/main.ts", "import_meta.d.ts"];
  const options = { types: ["node"], allowImportingTsExtensions: true, skipLibCheck: true, paths };
  await consumer.write("package.json", '{ "type": "module" }\n');
  await consumer.write("tsconfig.json", configuration(files, options));
  assertEquals((await consumer.run("node", TSC)).stdout, "");
});

let first: Promise<InstalledPackage> | undefined;

function installed(): Promise<InstalledPackage> {
  return first ??= installBeside(COMPILER, `@types/node@${OLDEST_NODE}`);
}

function configuration(files: readonly string[], options: Record<string, unknown>): string {
  return JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files });
}

const STRICT = {
  target: "es2023",
  lib: ["es2023"],
  module: "nodenext",
  strict: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noEmit: true,
};

const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));

/** The one that the package is made with. */
const COMPILER = imports["typescript"].replace(/^npm:/, "");

const OLDEST_NODE = 20;
const TSC = ["node_modules/typescript/bin/tsc"];
