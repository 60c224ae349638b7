/** How a worker ended, in an operator's words. */

import type { ProcessEnd } from "../runtime/runtime.ts";

/** Says it in a few words. `lastWords`: the first line of what the runtime printed, or nothing. */
export function describeEnd(end: ProcessEnd, lastWords: string): string {
  const how = end.signal === null ? `exit code ${end.code}` : `killed by ${end.signal}`;
  const hint = end.signal === null ? undefined : SIGNAL_HINTS[end.signal];
  return [how, hint, lastWords === "" ? undefined : `last output: ${lastWords}`]
    .filter((part) => part !== undefined).join("; ");
}

const SIGNAL_HINTS: Readonly<Record<string, string>> = {
  SIGKILL: "manually, or by the kernel when memory ran out; see dmesg",
  SIGTRAP: "the JavaScript heap was full",
  SIGSEGV: "a crash in native code",
  SIGABRT: "a crash in native code",
};
