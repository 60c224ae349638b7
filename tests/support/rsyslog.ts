/**
 * A private rsyslogd on /dev/log, which is the only place where stud sends its lines. It is started only
 * where no other log daemon lives there, keeps its files to itself, and takes its socket along at its end.
 */

import { eventually, within } from "./eventually.ts";
import { toolPath } from "./tools.ts";

/** The log daemon. Use it with `await using`. */
export class Rsyslog implements AsyncDisposable {
  readonly #folder: string;
  #daemon: Deno.ChildProcess | undefined;
  #hasPlace = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts it. Fails where another log daemon lives. */
  static async start(): Promise<Rsyslog> {
    const folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
    const rsyslog = new Rsyslog(folder);
    Deno.writeTextFileSync(`${folder}/rsyslog.conf`, configuration(folder));
    try {
      // Other tests may have one, for as long as they run, even while it is stopped.
      await eventually("the place of the log daemon", takePlace, 120_000);
      rsyslog.#hasPlace = true;
      await eventually(`${SOCKET} is free`, isFree, 60_000);
      await rsyslog.restart();
    } catch (error) {
      await rsyslog[Symbol.asyncDispose]();
      throw error;
    }
    return rsyslog;
  }

  /** All lines so far, as `FACILITY SEVERITY TAG MESSAGE`. */
  get lines(): string[] {
    try {
      return Deno.readTextFileSync(`${this.#folder}/lines`).trimEnd().split("\n");
    } catch {
      return [];
    }
  }

  /** Waits for a line. */
  async line(pattern: RegExp, limit = 15_000): Promise<string> {
    const find = () => this.lines.find((line) => pattern.test(line));
    const seen = () => `\n${this.lines.join("\n")}`;
    await eventually(`a line like ${pattern}`, () => find() !== undefined, limit, seen);
    return find()!;
  }

  /** Ends it, in order: its socket is gone afterwards. */
  async stop(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon === undefined) return;
    daemon.kill("SIGCONT");
    daemon.kill("SIGTERM");
    const timer = setTimeout(() => daemon.kill("SIGKILL"), 10_000);
    await daemon.status;
    clearTimeout(timer);
    removeIfThere(SOCKET);
  }

  /** Starts it again after {@linkcode stop}. */
  async restart(): Promise<void> {
    const args = ["-n", "-f", `${this.#folder}/rsyslog.conf`, "-i", `${this.#folder}/pid`];
    this.#daemon = new Deno.Command(toolPath("rsyslogd")!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ended = this.#daemon.status.then(({ code }) => {
      throw new Error(`rsyslogd ended with ${code}`);
    });
    await Promise.race([eventually("rsyslogd listens", isThere), ended]);
    ended.catch(() => {});
  }

  /** Stalls it: its queue fills up, and nobody takes anything. */
  stall(): void {
    this.#daemon?.kill("SIGSTOP");
  }

  /** Ends the stall. */
  resume(): void {
    this.#daemon?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within(20_000, "the end of rsyslogd", this.stop());
    if (this.#hasPlace) removeIfThere(PLACE);
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** The limits on rates are off, since tests mean what they send. */
function configuration(folder: string): string {
  return `
global(workDirectory="${folder}" dropMsgsWithMaliciousDnsPtrRecords="off")
module(load="imuxsock" SysSock.Name="${SOCKET}" SysSock.RateLimit.Interval="0")
template(name="plain" type="string"
  string="%syslogfacility-text% %syslogseverity-text% %syslogtag% %msg:::drop-last-lf%\\n")
action(type="omfile" file="${folder}/lines" template="plain")
`;
}

/** True for one test at a time, until it removes the folder. */
function takePlace(): boolean {
  try {
    Deno.mkdirSync(PLACE);
    return true;
  } catch {
    const { mtime } = statIfThere(PLACE) ?? {};
    // Of a test that was killed.
    if (mtime && Date.now() - mtime.getTime() > 300_000) removeIfThere(PLACE);
    return false;
  }
}

function statIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

/** A socket that nobody listens on has been left by a daemon that was killed. */
async function isFree(): Promise<boolean> {
  if (!isThere()) return true;
  const folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
  const socket = Deno.listenDatagram({ transport: "unixpacket", path: `${folder}/probe` });
  try {
    const probe = new TextEncoder().encode("<46>stud-test: is anybody here?");
    await within(1_000, "an answer", socket.send(probe, { transport: "unixpacket", path: SOCKET }));
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) removeIfThere(SOCKET);
    return !isThere();
  } finally {
    socket.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

function isThere(): boolean {
  try {
    Deno.lstatSync(SOCKET);
    return true;
  } catch {
    return false;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Nothing there.
  }
}

const SOCKET = "/dev/log";
const PLACE = "/tmp/stud-test-log-daemon";
