/**
 * Replaces another stud that listens on the same addresses: `--takeover`. The named process gets a signal only if it is
 * proven to be that stud, since a pidfile may be stale and its number another process's. Only one process at a time may
 * replace a stud; otherwise two would serve side by side.
 */

import { WORKER_ARGUMENT } from "../control/worker_argument.ts";
import { StartupError } from "../errors.ts";
import { quote } from "../wire/escape.ts";
import type {
  OtherProcess,
  OtherProcesses,
  ProcessView,
  Runtime,
  SocketAddress,
} from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** The process to take over from. */
export class Predecessor {
  readonly #option: string;
  readonly #isFile: boolean;
  readonly #process: OtherProcess;
  readonly #pidFile: PidFileEvidence;

  private constructor(
    text: string,
    isFile: boolean,
    former: OtherProcess,
    pidFile: PidFileEvidence,
  ) {
    this.#option = `--takeover ${text}`;
    this.#isFile = isFile;
    this.#process = former;
    this.#pidFile = pidFile;
  }

  /**
   * Finds the process by its id, or by a pidfile that holds it. Also checks which process holds that pidfile or, with
   * an id, the pidfile that this stud is to have. Rejects with {@linkcode StartupError} if there is no such process, or
   * if another one is already replacing it.
   */
  static async find(
    { takeover = "", pidFile }: { readonly takeover?: string; readonly pidFile?: string },
    { files, processes, service }: Pick<Runtime, "files" | "processes" | "service">,
  ): Promise<Predecessor> {
    const { others } = processes;
    if (others === undefined) {
      throw new StartupError("--takeover: only on Linux, with foreign functions allowed");
    }
    const isFile = !/^[0-9]+$/.test(takeover);
    const text = isFile ? await pidFileText(takeover, files) : takeover;
    const pid = Number(text);
    if (!/^[0-9]+$/.test(text) || pid < 1 || pid > MAX_PID) {
      throw new StartupError(`--takeover ${takeover}: ${noProcessId(text, isFile)}; ${REMEDY}`);
    }
    if (pid === processes.pid) {
      throw new StartupError(
        `--takeover ${takeover}: process ${pid} is this stud itself${isFile ? LEFT_OVER : ""}; ` +
          REMEDY,
      );
    }
    const former = await others.open(pid);
    if (former === undefined) {
      throw new StartupError(
        isFile
          ? `--takeover ${takeover}: the file names process ${pid}, which does not exist${LEFT_OVER}; ` +
            REMEDY
          : `--takeover ${takeover}: there is no process ${pid}; ${REMEDY}`,
      );
    }
    const rival = former.claim();
    if (rival !== undefined) {
      former.close();
      const who = rival === 0 ? "another process" : `process ${rival}`;
      throw new StartupError(
        `--takeover ${takeover}: process ${pid} is already being replaced by ${who}; ` +
          "to replace that one, give its id once it serves",
      );
    }
    const path = isFile ? takeover : pidFile;
    const evidence = path === undefined
      ? NO_EVIDENCE
      : await pidFileEvidence(service.absolute(path), former, others);
    return new Predecessor(takeover, isFile, former, evidence);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /**
   * Rejects with {@linkcode StartupError} unless the process is proven to be that stud: it holds the pidfile, or it is
   * a stud that listens on one of these addresses.
   */
  prove(addresses: readonly SocketAddress[]): void {
    if (this.#pidFile.isHeld || this.#announces(addresses)) return;
    const workers = workersOf(this.#process);
    if (workers.length === 0) throw this.#refusal("is not a stud that serves");
    // If a service manager opened a socket, the supervisor has it too.
    const looks = [this.#process, ...workers].map((one) => one.listening());
    const listening = looks.flatMap((seen) => seen ?? []);
    if (listening.some((one) => addresses.some((other) => sharesPort(one, other)))) return;
    const where = [...new Set(addresses.map(formatSocketAddress))].join(" or ");
    if (looks.includes(undefined)) {
      throw this.#refusal(
        `is a stud, but this user cannot see whether it listens on ${where}`,
        "give its pidfile (-p), or start this stud as the user that runs it",
      );
    }
    throw this.#refusal(`is a stud, but does not listen on ${where}`);
  }

  /** Makes it drain. Throws an error with the reason if it cannot. */
  requestDrain(): void {
    this.#process.requestDrain();
  }

  /** Closes the handle on the process; the process itself goes on. */
  close(): void {
    this.#process.close();
  }

  /** A process that this one may not inspect announces its addresses itself. */
  #announces(addresses: readonly SocketAddress[]): boolean {
    return addresses.flatMap(({ host, port }) =>
      [host, ...ANY].map((each) => ({ host: each, port }))
    )
      .some((address) => this.#process.announces(address));
  }

  #refusal(what: string, remedy = REMEDY): StartupError {
    const { pid, name } = this.#process;
    const [holder] = this.#pidFile.holders;
    const pidFile = !this.#isFile
      ? ""
      : holder === undefined
      ? ", nor does it hold this pidfile"
      : `, and process ${holder} holds this pidfile`;
    return new StartupError(
      `${this.#option}: process ${pid} (${name}) ${what}${pidFile}; ${remedy}`,
    );
  }
}

async function pidFileText(path: string, files: Runtime["files"]): Promise<string> {
  try {
    return (await files.readText(path)).trim();
  } catch (error) {
    throw new StartupError(`--takeover ${(error as Error).message}; ${REMEDY}`, { cause: error });
  }
}

function noProcessId(text: string, isFile: boolean): string {
  if (!isFile) return `${text} is not a process id`;
  if (text === "") return "the file is empty";
  // Longer content may be anything, even a private key.
  return text.length > LONGEST_SHOWN
    ? "the file does not hold a process id"
    : `the file holds ${quote(text)}, which is not a process id`;
}

/** What is known of a pidfile's owner. */
interface PidFileEvidence {
  /** Whether the process that it names holds it. */
  readonly isHeld: boolean;
  readonly holders: readonly number[];
}

const NO_EVIDENCE: PidFileEvidence = { isHeld: false, holders: [] };

/** The children of a process that are workers of a stud. */
export function workersOf(former: OtherProcess): ProcessView[] {
  return former.children().filter(({ words }) => words.includes(WORKER_ARGUMENT));
}

/**
 * stud locks its pidfile. On Node, which cannot lock, it keeps the file open for writing as long as it lives. Other
 * programs do that too, but they have no workers.
 */
async function pidFileEvidence(
  path: string,
  former: OtherProcess,
  others: OtherProcesses,
): Promise<PidFileEvidence> {
  const holders = await others.lockHolders(path);
  const holdsOpen = () => former.writesTo(path) && workersOf(former).length > 0;
  return { isHeld: holders.includes(former.pid) || holdsOpen(), holders };
}

/** Whether both may get connections for the same port of the same address. */
function sharesPort(one: SocketAddress, other: SocketAddress): boolean {
  return one.port === other.port &&
    (one.host === other.host || ANY.includes(one.host) || ANY.includes(other.host));
}

const ANY = ["::", "0.0.0.0"];
const LONGEST_SHOWN = 20;
const LEFT_OVER = " (a stud that was killed leaves its pidfile behind)";
const REMEDY =
  "give the id or the pidfile of the stud that serves now, or start stud without --takeover";
/** A pid_t has 32 bits. */
const MAX_PID = 2 ** 31 - 1;
