/**
 * Makes the single executable, `dist/stud`, with `deno compile`. If Deno cannot download its base binary, it compiles
 * with an older Deno whose base binary comes from the npm registry (see compile/offline_toolchain.ts). Types are not
 * checked here; `deno task ok` does that.
 *
 * It compiles a bundle (compile/bundle.ts). An executable with the npm packages themselves, including those of the
 * tests, is 34 MB larger, takes more than twice the time to start and needs twice the memory.
 *
 *     deno run -A scripts/compile.ts [--offline-base] [--entry FILE] [--output FILE]
 *
 * `--offline-base` uses the older Deno immediately. A base binary named by `DENORT_BIN` is used as is.
 */

import { parseArgs } from "node:util";
import { bundle } from "./compile/bundle.ts";
import { OFFLINE_VERSION, offlineToolchain } from "./compile/offline_toolchain.ts";
import { helpIfAsked } from "./script_help.ts";

/**
 * Passed to `deno compile`, whichever Deno runs it. Foreign functions make narrower permissions than `-A` meaningless.
 * V8's code cache of an executable is a file in `$TMPDIR` that is trusted regardless of its author: root would run
 * another user's code. The young generation is that of workers (runtime/deno/processes.ts): a supervisor needs 20 MB
 * less by it. With Deno 2.4, only this flag lets it collect garbage on request (runtime/collect_garbage.ts).
 */
const COMPILE_FLAGS = [
  ...["--allow-all", "--no-check", "--unstable-net", "--no-code-cache"],
  "--v8-flags=--max-semi-space-size=2,--expose-gc",
];

/** What the command line asks for. */
interface Options {
  readonly entry: string;
  readonly output: string;
  readonly offlineBase: boolean;
  /** Whether this is stud itself: then dependencies must match the lock file, and the result is tested. */
  readonly isStud: boolean;
  /** Whether the entry is a bundle's, which has no dependencies. */
  readonly isBundle: boolean;
}

/** The result of a `deno compile`. */
interface Outcome {
  readonly success: boolean;
  /** What it printed. */
  readonly text: string;
}

async function main(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  const way = options.isStud ? await compileBundle(options) : await compile(options);
  if (options.isStud) await smokeTest(options.output);
  const { size } = await Deno.stat(options.output);
  console.log(`compile: ${options.output}, ${(size / 1e6).toFixed(1)} MB, by ${way}`);
}

function parseOptions(argv: readonly string[]): Options {
  const { values: given } = parseArgs({
    args: [...argv],
    options: {
      "offline-base": { type: "boolean", default: false },
      entry: { type: "string" },
      output: { type: "string" },
    },
  });
  const root = `${import.meta.dirname}`.replace(/[\\/][^\\/]+$/, "");
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  return {
    entry: given.entry ?? `${root}/mod.ts`,
    output: given.output ?? `${root}/dist/stud${suffix}`,
    offlineBase: given["offline-base"],
    isStud: given.entry === undefined,
    isBundle: false,
  };
}

/** Compiles stud, as a bundle if this Deno can make one, and returns what it compiled with. */
async function compileBundle(options: Options): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "stud-compile-" });
  try {
    const bundled = await bundle(options.entry, folder);
    if (bundled.entry !== undefined) {
      return await compile({ ...options, entry: bundled.entry, isBundle: true });
    }
    console.log(`compile: without a bundle, for this Deno cannot make one: ${bundled.reason}`);
    return await compile(options);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compiles, and returns what it compiled with. */
async function compile(options: Options): Promise<string> {
  if (!options.offlineBase) {
    const outcome = await runDeno(Deno.execPath(), options, {});
    const base = Deno.env.get("DENORT_BIN");
    if (outcome.success) return `Deno ${Deno.version.deno} with ${base ?? "its own base binary"}`;
    if (base !== undefined || !BASE_BINARY_MISSING.test(outcome.text)) {
      throw new Error(`deno compile failed\n${outcome.text.trim()}`);
    }
    console.log(`compile: no base binary for Deno ${Deno.version.deno}: ${reason(outcome.text)}`);
  }
  console.log(`compile: taking Deno ${OFFLINE_VERSION} and its base binary from npm`);
  const { deno, denort } = await offlineToolchain(cacheFolder());
  const outcome = await runDeno(deno, options, {
    DENORT_BIN: denort,
    // By default this version of Deno trusts only its own list, but a registry may have a certificate of the operator's
    // CA.
    DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "system,mozilla",
  });
  if (!outcome.success) throw new Error(`deno compile failed\n${outcome.text.trim()}`);
  return `Deno ${OFFLINE_VERSION} with its base binary from npm`;
}

async function runDeno(
  deno: string,
  options: Options,
  env: Record<string, string>,
): Promise<Outcome> {
  const { isBundle, isStud, output, entry } = options;
  const dependencies = isBundle ? ["--no-config", "--no-lock"] : isStud ? ["--frozen"] : [];
  const command = new Deno.Command(deno, {
    args: ["compile", ...COMPILE_FLAGS, ...dependencies, "--output", output, entry],
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** The innermost cause that deno printed, without the number before it. */
function reason(text: string): string {
  const causes = text.split("\n").filter((line) =>
    /^\s+\d+: \S/.test(line) && !/unknown/.test(line)
  );
  return (causes.at(-1) ?? text.trim().split("\n").at(-1) ?? "").replace(/^\s*\d+: /, "");
}

/** Runs the executable as an operator would first do. */
async function smokeTest(executable: string): Promise<void> {
  const command = new Deno.Command(executable, { args: ["--version"], stdin: "null" });
  const { success, code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  const said = `${decoder.decode(stdout)}${decoder.decode(stderr)}`.trim();
  if (!success) throw new Error(`${executable} --version ended with status ${code}: ${said}`);
  console.log(`compile: --version says: ${said}`);
}

function cacheFolder(): string {
  const home = Deno.env.get("HOME");
  const caches = Deno.env.get("XDG_CACHE_HOME") || (home && `${home}/.cache`);
  if (!caches) {
    throw new Error("neither XDG_CACHE_HOME nor HOME is set: no place for the base binary");
  }
  return `${caches}/stud-build`;
}

/** An error and its causes, outermost first. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}

/** How `deno compile` reports a base binary that it could not get. */
const BASE_BINARY_MISSING = /base binary|denort/i;

if (import.meta.main) {
  await helpIfAsked(import.meta.url);
  try {
    await main(Deno.args);
  } catch (error) {
    console.error(`compile: ${describe(error)}`);
    Deno.exit(1);
  }
}
