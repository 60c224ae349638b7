/** Why a worker ended, in an operator's words: by itself, or because stud killed it. */

import type { ProcessEnd } from "../runtime/runtime.ts";

/** Collects what speaks against a worker until it has ended. */
export class EndReason {
  /** How it has broken the protocol. */
  breach: string | undefined;
  /** It did not serve in time. */
  late = false;
  /** Seconds of silence after which it was killed. */
  hung: number | undefined;
  /** The first line of what the runtime printed, or nothing. */
  lastWords = "";

  /** The kind of an end that was not in order. */
  get kind(): "died" | "hung" | "protocol" {
    if (this.breach !== undefined) return "protocol";
    return this.hung !== undefined ? "hung" : "died";
  }

  /** Says it in a few words. */
  describe(end: ProcessEnd): string {
    if (this.breach !== undefined) {
      return `killed by stud because it broke the control protocol: ${this.breach}`;
    }
    if (this.hung !== undefined) return `killed by stud because it hung for ${this.hung} s`;
    const how = end.signal === null ? `exit code ${end.code}` : `killed by ${end.signal}`;
    const hint = end.signal === null ? undefined : SIGNAL_HINTS[end.signal];
    return [how, hint, this.lastWords === "" ? undefined : `last output: ${this.lastWords}`]
      .filter((part) => part !== undefined).join("; ");
  }

  /**
   * Whether a signal ended it, or stud killed it for its silence: the next one may well live. A worker that took too
   * long to start, or broke the protocol, would do so again.
   */
  wasKilled({ signal }: ProcessEnd): boolean {
    return this.hung !== undefined || signal !== null && this.breach === undefined && !this.late;
  }
}

const SIGNAL_HINTS: Readonly<Record<string, string>> = {
  SIGKILL: "manually, or by the kernel when memory ran out; see dmesg",
  SIGTRAP: "the JavaScript heap was full",
  SIGSEGV: "a crash in native code",
  SIGABRT: "a crash in native code",
};
