/**
 * A worker as any other, run as a program by a test, which tries what it should not be able to do once it is ready: it
 * then prints a line `{"type":"probe", …}` with the errno(3) of every attempt, 0 for one that worked. Its arguments are
 * a file that the attempts are made on, and `all` or `harmless`: which ones.
 */

import { createRuntime } from "../../src/runtime/deno/runtime.ts";
import type { Processes, Runtime } from "../../src/runtime/runtime.ts";
import { makeEngine } from "../../src/tls/make_engine.ts";
import { runWorker } from "../../src/worker/worker.ts";
import { type Attempt, DENIED, HARMLESS, PATH, SELF, UNKNOWN } from "./denied_calls.ts";

const libc = Deno.dlopen("libc.so.6", {
  __errno_location: { parameters: [], result: "pointer" },
  _exit: { parameters: ["i32"], result: "void" },
  syscall: {
    parameters: ["isize", "isize", "isize", "isize", "isize", "isize", "isize"],
    result: "isize",
  },
}).symbols;

const [file, which] = Deno.args;
const path = new TextEncoder().encode(`${file}\0`);
const pathAddress = Deno.UnsafePointer.value(Deno.UnsafePointer.of(path));

const runtime = createRuntime({ workerArguments: [], ownsLoop: true });

function tried({ number, args, what }: Attempt): number | undefined {
  if (number === undefined) return undefined;
  const all = Array.from({ length: 6 }, (_, place) => addressOr(args[place] ?? 0, what));
  const result = libc.syscall(
    ...[BigInt(number), ...all] as Parameters<typeof libc.syscall>,
  );
  // A copy of this process would go on as if it were this one.
  if (result === 0n && /fork/.test(what)) libc._exit(0);
  return result >= 0n ? 0 : new Deno.UnsafePointerView(libc.__errno_location()!).getInt32();
}

/** A descriptor of -1 is no path; only attempts on files and programs have paths. */
function addressOr(argument: number, what: string): bigint {
  if (argument === SELF) return BigInt(Deno.pid);
  const isPath = argument === PATH && !NO_PATHS.test(what);
  return isPath ? pathAddress : BigInt(argument);
}

const NO_PATHS =
  /descriptor|everybody|namespace|perf|io_uring_enter|others trace|between pipes|owner/;

function probe(): Record<string, number | undefined> {
  const wanted = [...DENIED, UNKNOWN].filter(({ what }) => {
    return which === "all" || HARMLESS.includes(what);
  });
  return Object.fromEntries(wanted.map((one) => [one.what, tried(one)]));
}

/** What the runtime itself makes of it. */
async function probeRuntime(): Promise<Record<string, string>> {
  const attempts: Record<string, () => unknown> = {
    readFile: () => Deno.readTextFile(file!),
    run: () => new Deno.Command("/bin/true").output(),
    dlopen: () => Deno.dlopen("libanl.so.1", {}),
    // An internal error is logged with its stack, whatever is left of that.
    stack: () => new Error("a test").stack!.includes("a test") || fail(),
  };
  const results: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt();
      results[name] = "worked";
    } catch {
      results[name] = "failed";
    }
  }
  return results;
}

function fail(): never {
  throw new Error("not so");
}

const processes: Processes = Object.create(runtime.processes, {
  write: {
    async value(stream: "stdout" | "stderr", bytes: Uint8Array) {
      await runtime.processes.write(stream, bytes);
      if (!new TextDecoder().decode(bytes).includes('"library"')) return;
      const line = { type: "probe", errors: probe(), runtime: await probeRuntime() };
      const text = `${JSON.stringify(line)}\n`;
      await runtime.processes.write(stream, new TextEncoder().encode(text));
    },
  },
});
const probing: Runtime = Object.create(runtime, { processes: { value: processes } });
Deno.exit(
  await runWorker(
    probing,
    (configuration) => makeEngine(runtime, configuration, { ownProcess: true }),
  ),
);
