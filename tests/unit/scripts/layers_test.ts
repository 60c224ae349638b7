/**
 * The layer check against small sources in memory: every rule broken once, and the things that look like a
 * breach but are none.
 */

import { assertEquals } from "@std/assert";
import { checkLayers } from "../../../scripts/layers.ts";

/** The violations of one file, as the script prints them. */
function violationsOf(file: string, text: string): string[] {
  return violationsIn({ [file]: text });
}

function violationsIn(files: Record<string, string>): string[] {
  const importMap = {
    "#engine": "./src/tls/engine.ts",
    "#runtime": "./src/runtime/deno/runtime.ts",
    "@std/assert": "npm:deno-std@1.4.0",
  };
  return checkLayers(new Map(Object.entries(files)), importMap)
    .map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

/** Asserts that the import is fine, or that the check says this of it. */
function assertImport(file: string, statement: string, expected?: string): void {
  const found = violationsOf(file, statement);
  assertEquals(found, expected === undefined ? [] : [`${file}:1: imports ${expected}`]);
}

const CHANCE = "pure code does no I/O and knows no clock and no chance";
const HANDED_IN = "the platform is handed in as runtime/runtime.ts";

Deno.test("checkLayers() lets main import everything", () => {
  assertImport("src/main.ts", 'import { deno } from "./runtime/deno/runtime.ts";');
  assertImport("src/main.ts", 'import { supervise } from "./fleet/supervisor.ts";');
  assertImport("mod.ts", 'export { main } from "./src/main.ts";');
});

Deno.test("checkLayers() keeps config and wire pure", () => {
  assertImport("src/config/a.ts", 'import { pem } from "../wire/pem.ts";');
  assertImport(
    "src/config/a.ts",
    'import type { Runtime } from "../runtime/runtime.ts";',
    "src/runtime/runtime.ts: not below src/config/",
  );
  assertImport(
    "src/wire/a.ts",
    'import { getLogger } from "@logtape/logtape";',
    "@logtape/logtape: not a library that src/wire/ and src/errors.ts may use",
  );
  assertImport(
    "src/config/a.ts",
    'import { readFileSync } from "node:fs";',
    "node:fs: not a library that src/config/ may use",
  );
});

Deno.test("checkLayers() finds the outside world in pure code", () => {
  const pairs = [
    ["Deno.cwd()", `names Deno: ${HANDED_IN}`],
    ["globalThis.Deno", `names globalThis: ${HANDED_IN}`],
    ["process.env", `names process: ${HANDED_IN}`],
    ["fetch(address)", `names fetch: ${CHANCE}`],
    ["setTimeout(go, 1)", `names setTimeout: ${CHANCE}`],
    ["console.log(1)", `names console: ${CHANCE}`],
    ["performance.now()", `names performance: ${CHANCE}`],
    ["Date.now()", `names Date.now: ${CHANCE}`],
    ["new Date()", `names new Date: ${CHANCE}`],
    ["Math.random()", `names Math.random: ${CHANCE}`],
  ];
  for (const [code, message] of pairs) {
    for (const file of ["src/wire/a.ts", "src/config/a.ts", "src/errors.ts"]) {
      assertEquals(violationsOf(file, `const a = 1;\nconst b = ${code};`), [
        `${file}:2: ${message}`,
      ]);
    }
  }
  assertEquals(violationsOf("src/wire/a.ts", "const b = new Date(seconds * 1000);"), []);
});

Deno.test("checkLayers() finds the platform's name above the runtime seam", () => {
  for (
    const folder of ["tls", "proxy", "plan", "service", "fleet", "ocsp", "worker", "log", "control"]
  ) {
    const file = `src/${folder}/a.ts`;
    assertEquals(violationsOf(file, "type A = Deno.Conn;\nprocess.pid;"), [
      `${file}:1: names Deno: ${HANDED_IN}`,
      `${file}:2: names process: ${HANDED_IN}`,
    ]);
  }
  assertEquals(violationsOf("src/runtime/deno/runtime.ts", "Deno.listen(options);"), []);
});

Deno.test("checkLayers() lets only the entry points name the concrete runtime", () => {
  const statement = 'import { deno } from "../runtime/deno/runtime.ts";';
  const only =
    "src/runtime/deno/runtime.ts: only mod.ts and src/main.ts and src/worker_main.ts may";
  for (const folder of ["worker", "fleet", "plan", "runtime"]) {
    assertImport(`src/${folder}/a.ts`, statement, only);
  }
  assertImport(
    "src/worker/a.ts",
    'import { linux } from "../runtime/linux/kernel.ts";',
    "src/runtime/linux/kernel.ts: not below src/worker/",
  );
  assertImport("mod.ts", 'import { createRuntime } from "#runtime";');
  assertImport("src/worker/a.ts", 'import { createRuntime } from "#runtime";', only);
  for (const file of ["mod.ts", "src/main.ts", "src/runtime/a.ts"]) {
    const folder = file.startsWith("src/runtime/") ? "./" : "/src/runtime/";
    const node = `import { createRuntime } from "${folder}node/runtime.ts";`;
    assertImport(file, node, "src/runtime/node/runtime.ts: only package.json names it");
  }
});

Deno.test("checkLayers() keeps foreign functions of OpenSSL behind their interface", () => {
  const only =
    "src/runtime/openssl/library.ts: only src/runtime/deno/runtime.ts and src/runtime/openssl/ may";
  const statement = (folder: string) => `import { open } from "${folder}openssl/library.ts";`;
  assertImport("src/runtime/deno/runtime.ts", statement("../"));
  assertImport("src/runtime/openssl/context.ts", 'import { open } from "./library.ts";');
  assertImport("src/runtime/openssl/context.ts", 'import { A } from "../openssl.ts";');
  for (const file of ["runtime.ts", "linux.ts", "openssl.ts", "openssl_files.ts"]) {
    assertImport(`src/runtime/${file}`, statement("./"), only);
  }
  for (const file of ["src/tls/openssl/engine.ts", "src/worker/worker.ts", "src/main.ts"]) {
    const up = "../".repeat(file.split("/").length - 2);
    assertImport(file, statement(`${up || "./"}runtime/`), only);
  }
  assertImport(
    "src/tls/openssl/engine.ts",
    'import { OpenSslError } from "../../runtime/openssl.ts";',
  );
  for (const folder of ["worker", "proxy", "fleet", "log"]) {
    assertImport(
      `src/${folder}/a.ts`,
      'import { OpenSslError } from "../runtime/openssl.ts";',
      `src/runtime/openssl.ts: not below src/${folder}/`,
    );
  }
});

Deno.test("checkLayers() lets control import the type of the engines' configuration, and no more of tls", () => {
  const file = "src/control/messages.ts";
  assertImport(file, 'import type { TlsConfiguration } from "../tls/tls_configuration.ts";');
  assertImport(
    file,
    'import { TLS } from "../tls/tls_configuration.ts";',
    "src/tls/tls_configuration.ts: src/control/ may import its types only",
  );
  assertImport(
    file,
    'import type { TlsEngine } from "../tls/engine.ts";',
    "src/tls/engine.ts: not below src/control/",
  );
  assertImport(file, 'import type { SocketAddress } from "../runtime/runtime.ts";');
  assertImport(
    file,
    'import { pause } from "../runtime/runtime.ts";',
    "src/runtime/runtime.ts: src/control/ may import its types only",
  );
});

Deno.test("checkLayers() holds the direction of every layer", () => {
  const refused = {
    "fleet": ["worker/a.ts", "proxy/a.ts", "main.ts"],
    "service": ["fleet/a.ts", "ocsp/a.ts", "worker/a.ts"],
    "plan": ["fleet/a.ts", "service/a.ts", "worker/a.ts"],
    "ocsp": ["plan/a.ts", "fleet/a.ts", "control/a.ts"],
    "worker": ["fleet/a.ts", "plan/a.ts", "service/a.ts", "main.ts"],
    "proxy": ["tls/rustls/engine.ts", "control/a.ts", "plan/a.ts", "fleet/a.ts", "worker/a.ts"],
    "tls": ["proxy/a.ts", "control/a.ts", "log/a.ts"],
    "log": ["wire/a.ts", "control/a.ts"],
    "control": ["runtime/linux/kernel.ts", "log/a.ts", "tls/engine.ts"],
    "runtime": ["config/options.ts", "proxy/a.ts", "version.ts"],
    "config": ["control/a.ts", "log/a.ts", "manual/a.ts", "x509/der.ts"],
    "x509": ["config/a.ts", "ocsp/a.ts", "tls/tls_configuration.ts", "deferred.ts"],
    "wire": ["proxy/a.ts", "tls/engine.ts", "x509/der.ts"],
  };
  for (const [folder, targets] of Object.entries(refused)) {
    for (const target of targets) {
      const found = violationsOf(`src/${folder}/b.ts`, `import { a } from "../${target}";`);
      const layer = folder === "wire" ? "src/wire/ and src/errors.ts" : `src/${folder}/`;
      assertEquals(found, [`src/${folder}/b.ts:1: imports src/${target}: not below ${layer}`]);
    }
  }
  const allowed = {
    "fleet": ["plan/a.ts", "service/a.ts", "control/a.ts", "wire/a.ts"],
    "service": ["plan/a.ts", "config/a.ts", "x509/a.ts", "wire/a.ts"],
    "plan": ["config/a.ts", "ocsp/a.ts", "tls/a.ts", "x509/a.ts", "wire/a.ts"],
    "manual": ["config/a.ts", "version.ts"],
    "x509": ["wire/a.ts", "errors.ts"],
    "worker": ["control/a.ts", "proxy/a.ts", "log/a.ts", "runtime/runtime.ts"],
    "proxy": ["tls/engine.ts", "log/a.ts", "wire/a.ts", "errors.ts", "runtime/runtime.ts"],
    "tls": ["tls/engine.ts", "wire/a.ts", "errors.ts", "runtime/runtime.ts"],
    "runtime": ["runtime/linux/kernel.ts", "wire/a.ts", "errors.ts"],
  };
  for (const [folder, targets] of Object.entries(allowed)) {
    for (const target of targets) {
      assertImport(`src/${folder}/b.ts`, `import { a } from "../${target}";`);
    }
  }
});

Deno.test("checkLayers() lets layers above config import its types, not its code", () => {
  for (const folder of ["worker", "proxy", "tls", "log", "control"]) {
    const file = `src/${folder}/a.ts`;
    assertImport(file, 'import type { Settings } from "../config/settings.ts";');
    assertImport(file, 'import { type A, type B } from "../config/settings.ts";');
    assertImport(file, 'export type { Settings } from "../config/settings.ts";');
    for (const clause of ["import { parse }", "import { type A, b }", "export *"]) {
      const problem = `src/config/a.ts: src/${folder}/ may import its types only`;
      assertImport(file, `${clause} from "../config/a.ts";`, problem);
    }
  }
});

Deno.test("checkLayers() allows node:crypto in x509 and other modules of Node's only in runtime", () => {
  assertImport("src/x509/a.ts", 'import { createHash } from "node:crypto";');
  assertImport("src/runtime/node/runtime.ts", 'import * as tls from "node:tls";');
  const problem = (folder: string) => `not a library that src/${folder}/ may use`;
  assertImport("src/x509/a.ts", 'import "node:tls";', `node:tls: ${problem("x509")}`);
  assertImport("src/tls/a.ts", 'import "node:tls";', `node:tls: ${problem("tls")}`);
  assertImport("src/proxy/a.ts", 'import "node:crypto";', `node:crypto: ${problem("proxy")}`);
});

Deno.test("checkLayers() sees every form of import", () => {
  const refused = "src/control/a.ts: not below src/proxy/";
  const statements = [
    'import "../control/a.ts";',
    "import a from '../control/a.ts';",
    'import * as a from "../control/a.ts";',
    'export * from "../control/a.ts";',
    'export { a as b } from "../control/a.ts";',
    'import type { A } from "../control/a.ts";',
    'const a = await import("../control/a.ts");',
    'type A = typeof import("../control/a.ts");',
    'import{a}from"../control/a.ts";',
    'import {\n  a,\n  b,\n} from "../control/a.ts";',
  ];
  for (const statement of statements) {
    const line = statement.split("\n").length;
    assertEquals(violationsOf("src/proxy/a.ts", statement), [
      `src/proxy/a.ts:${line}: imports ${refused}`,
    ]);
  }
  assertImport(
    "src/log/b.ts",
    'import { A } from "#engine";',
    "src/tls/engine.ts: not below src/log/",
  );
  const computed = "a computed name: it cannot be checked";
  assertImport("src/tls/a.ts", "const a = await import(name);", computed);
  assertImport("src/tls/a.ts", "const a = await import(`./${name}.ts`);", computed);
});

Deno.test("checkLayers() ignores comments, strings and regular expressions", () => {
  const text = [
    '// import { a } from "../log/a.ts"; Deno.exit(1)',
    "/* Deno\n * console.log(1) */",
    "const a = \"Deno.cwd()\" + 'process.pid' + `fetch(${b})`;",
    'const c = text.replace(/["\'`]/g, ""); // setTimeout(',
    "const d = `a ${e ? `Deno` : ''} Deno`;",
    "const f = import.meta.url; // https://example.org",
    "export function from(deno: number) { return a.process + worker.Deno + f.import(b); }",
  ].join("\n");
  assertEquals(violationsOf("src/wire/a.ts", text), []);
});

Deno.test("checkLayers() reads the code around what it ignores", () => {
  const text = [
    'const a = /"/.test(b) ? Deno.pid : 1; // "',
    "const c = `${Deno.pid}`;",
    "const d = '\\'' + Deno.pid;",
    "const e = 4 / 2 / Deno.pid;",
    '/* " */ Deno.pid;',
  ];
  for (const line of text) {
    assertEquals(violationsOf("src/tls/a.ts", line), [`src/tls/a.ts:1: names Deno: ${HANDED_IN}`]);
  }
});

Deno.test("checkLayers() lets only src/main.ts exit", () => {
  const why = "names exit: only src/main.ts and src/worker_main.ts end the process";
  const ours = "runtime.processes.exit(1);";
  assertEquals(violationsOf("src/main.ts", ours), []);
  assertEquals(violationsOf("mod.ts", ours), [`mod.ts:1: ${why}`]);
  for (const name of ["deno", "node"]) {
    assertEquals(violationsOf(`src/runtime/${name}/processes.ts`, "return process.exit(1);"), []);
  }
  assertEquals(violationsOf("src/runtime/node/runtime.ts", "\nprocess.exit();"), [
    `src/runtime/node/runtime.ts:2: ${why}`,
  ]);
});

Deno.test("checkLayers() finds import cycles, and each once", () => {
  const found = violationsIn({
    "src/wire/a.ts": 'import { b } from "./b.ts";',
    "src/wire/b.ts": '\nimport type { C } from "./c.ts";',
    "src/wire/c.ts": 'import { b } from "./b.ts";',
    "src/wire/d.ts": 'import { a } from "./a.ts";\nimport { c } from "./c.ts";',
  });
  const circle = "src/wire/b.ts → src/wire/c.ts → src/wire/b.ts";
  assertEquals(found, [`src/wire/c.ts:1: closes an import cycle: ${circle}`]);
  assertEquals(violationsOf("src/wire/a.ts", 'import { a } from "./a.ts";'), [
    "src/wire/a.ts:1: closes an import cycle: src/wire/a.ts → src/wire/a.ts",
  ]);
});

Deno.test("checkLayers() finds files that are too long, the option table aside", () => {
  const text = "const a = 1;\n".repeat(401);
  assertEquals(violationsOf("src/log/a.ts", text), [
    "src/log/a.ts:401: has 401 lines: a file is split before it has more than 400",
  ]);
  assertEquals(violationsOf("src/log/a.ts", text.slice(13)), []);
  assertEquals(violationsOf("src/config/options.ts", text), []);
});

Deno.test("checkLayers() wants a layer for every file", () => {
  assertEquals(violationsOf("src/helpers/a.ts", ""), [
    "src/helpers/a.ts:1: belongs to no layer; give it one in scripts/layer_rules.ts",
  ]);
});
