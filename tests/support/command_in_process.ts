/**
 * The command of stud in the test's own process, for what it refuses and what it prints: hundreds of times as cheap as a
 * process for each. It is what the program calls (src/main.ts), on the real platform, except that it starts no workers,
 * catches no signals and leaves the test's process as it is. A stud of `STUD_BIN` is still run as a process.
 */

import { StartupError } from "../../src/errors.ts";
import type { Processes, Runtime } from "../../src/runtime/runtime.ts";
import { runStud, type StudResult, withLibrary } from "./stud.ts";

/** Runs a command that ends before workers start; one that would start them fails and says so. */
export async function runInProcess(args: readonly string[], stdin = ""): Promise<StudResult> {
  if (Deno.env.get("STUD_BIN")) return await runStud([...args], stdin);
  return await runFromSource(args, stdin);
}

/** The same from the source even where `STUD_BIN` is tested: for what only asks that stud, as another test has it do. */
export async function runFromSource(args: readonly string[], stdin = ""): Promise<StudResult> {
  const [{ runCommand }, { createRuntime }] = await Promise.all([
    import("../../src/command.ts"),
    import("../../src/runtime/deno/runtime.ts"),
  ]);
  const platform = createRuntime({ workerArguments: [] });
  const printed = { stdout: "", stderr: "" };
  const processes = insulated(platform, stdin, (stream, text) => printed[stream] += text);
  const runtime: Runtime = Object.create(platform, { processes: { value: processes } });
  const code = await runCommand(withLibrary(args), runtime);
  return { code, ...printed };
}

function insulated(
  { processes }: Runtime,
  stdin: string,
  print: (stream: "stdout" | "stderr", text: string) => void,
): Processes {
  const instead: Partial<Processes> = {
    programName: "stud",
    onTerminal: false,
    stdin: new Blob([stdin]).stream(),
    write: (stream, bytes) => Promise.resolve(print(stream, new TextDecoder().decode(bytes))),
    startWorker: () => {
      throw new StartupError("the command starts workers, so it needs a process of its own");
    },
    onSignal: () => {},
    onUncaught: () => {},
    exit: (code) => {
      throw new Error(`the command ends the process with ${code}`);
    },
    // They would change the test's own process.
    ...{ expectWorkers: undefined, hideMemory: undefined, limitWorkers: undefined },
  };
  const values = Object.entries(instead).map(([name, value]) => [name, { value }]);
  return Object.create(processes, Object.fromEntries(values));
}
