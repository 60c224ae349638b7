/** Finds the status address that an operator means: an address, a unix socket, or the pidfile of a running stud. */

import { toCommand } from "../config/command.ts";
import { parseCommandLine } from "../config/command_line.ts";
import { parseStatus } from "../config/address.ts";
import type { TcpAddress, UnixAddress } from "../config/settings.ts";
import { StartupError, UsageError } from "../errors.ts";
import type { Endpoint, Runtime } from "../runtime/runtime.ts";

/**
 * The address. Throws {@linkcode UsageError} for a text that is none, and {@linkcode StartupError} if the named process
 * or its status address cannot be found.
 */
export async function findTarget(text: string | undefined, runtime: Runtime): Promise<Endpoint> {
  const { files, service } = runtime;
  if (text === undefined) {
    const isThere = await service.kindOf(DEFAULT_SOCKET) === "socket";
    return isThere ? { kind: "unix", path: DEFAULT_SOCKET } : DEFAULT_ADDRESS;
  }
  if (/^[0-9]+$/.test(text)) return await ofProcess(Number(text), `process ${text}`, runtime);
  const kind = await service.kindOf(text);
  if (kind === "socket") return { kind: "unix", path: service.absolute(text) };
  if (kind === "file") {
    const content = (await files.readText(text, MAX_PID_FILE)).trim();
    if (!/^[0-9]{1,7}$/.test(content)) {
      throw new StartupError(`${text}: this is no pidfile: it does not have a process id`);
    }
    return await ofProcess(Number(content), `${text}: process ${content}`, runtime);
  }
  if (text.includes("/")) throw new StartupError(`${text}: no such socket or pidfile`);
  if (!/[,:]/.test(text)) {
    throw new UsageError(`${text}: no such socket or pidfile; write an address as HOST,PORT`);
  }
  return toTarget(parseStatus(text, "ADDRESS"), text);
}

/** The `--status` of a running stud, from its command line and the configuration file that this names. */
async function ofProcess(pid: number, what: string, runtime: Runtime): Promise<Endpoint> {
  const words = await commandLine(pid, what, runtime);
  const parsed = parseAsStud(ownArguments(words), what);
  const { configFile: file } = parsed;
  if (file !== undefined && !file.startsWith("/")) {
    throw new StartupError(
      `${what} was started with --config ${file}, which is no absolute path; give the address`,
    );
  }
  const config = file === undefined
    ? undefined
    : { file, text: await readConfig(file, what, runtime) };
  const command = toCommand(parsed, runtime.tlsLibraries, config);
  const status = "settings" in command ? command.settings.service.status : undefined;
  if (status === undefined) {
    throw new StartupError(`${what} was started without --status, so it tells nothing`);
  }
  return toTarget(status, what);
}

async function readConfig(file: string, what: string, { files }: Runtime): Promise<string> {
  try {
    return await files.readText(file);
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    const { message } = error;
    throw new StartupError(`${what} was started with --config ${message}; give the address`, {
      cause: error,
    });
  }
}

/** A stale pidfile may name any process. */
function parseAsStud(words: readonly string[], what: string): ReturnType<typeof parseCommandLine> {
  try {
    return parseCommandLine(words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new StartupError(`${what} is no stud: ${error.message}`, { cause: error });
  }
}

/** The words that a process was started with (proc(5), /proc/pid/cmdline). */
async function commandLine(pid: number, what: string, { files }: Runtime): Promise<string[]> {
  const words = await files.readText(`/proc/${pid}/cmdline`, MAX_COMMAND_LINE).catch(() => "");
  if (words === "") {
    throw new StartupError(
      `${what} does not run, or cannot be seen by this user or on this system; give the address`,
    );
  }
  return words.replace(/\0$/, "").split("\0");
}

/**
 * Without the words before stud's own arguments: the executable, or `deno run` or `node` with flags, and the program.
 */
function ownArguments([name = "", ...words]: readonly string[]): readonly string[] {
  if (!/(^|\/)(deno|node)$/.test(name)) return words;
  const program = words.findIndex((word) => !word.startsWith("-") && word !== "run");
  return words.slice(program + 1);
}

/** An address to listen on as one to connect to. */
function toTarget(address: TcpAddress | UnixAddress, what: string): Endpoint {
  if (address.kind === "unix") return address;
  const { host, port } = address;
  if (port === "0") {
    throw new StartupError(`${what}: the system chose its port; the log says which`);
  }
  const everywhere = host === "" || host === "*" || host === "0.0.0.0";
  return {
    kind: "tcp",
    host: everywhere ? "127.0.0.1" : host === "::" ? "::1" : host,
    port: Number(port),
  };
}

/** Where the service units of contrib/ serve the status. */
const DEFAULT_SOCKET = "/run/stud/status.sock";
const DEFAULT_ADDRESS: Endpoint = { kind: "tcp", host: "127.0.0.1", port: 8404 };
/** Bytes. */
const MAX_PID_FILE = 1_024;
const MAX_COMMAND_LINE = 1 << 20;
