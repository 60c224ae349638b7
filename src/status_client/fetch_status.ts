/** Asks a running stud for its status and its connections, over TCP or a unix socket. */

import { Cancellation } from "../runtime/cancellation.ts";
import { StartupError } from "../errors.ts";
import type { Endpoint, Runtime } from "../runtime/runtime.ts";
import type { ConnectionsStatus, Status } from "../status/status.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** The status, and the JSON it came in. Rejects with {@linkcode StartupError}. */
export async function fetchStatus(
  target: Endpoint,
  runtime: Pick<Runtime, "network">,
): Promise<{ status: Status; text: string }> {
  const text = await get("/status", target, runtime);
  const status = parsed(text, target);
  if (!isStatus(status)) {
    throw new StartupError(
      `${describe(target)}: this is not the status of a stud of this version`,
    );
  }
  return { status, text };
}

/** Up to `limit` live connections. Rejects with {@linkcode StartupError}. */
export async function fetchConnections(
  target: Endpoint,
  limit: number,
  runtime: Pick<Runtime, "network">,
): Promise<ConnectionsStatus> {
  const answer = parsed(await get(`/connections?limit=${limit}`, target, runtime), target);
  const { connections, unanswered = [] } = (answer ?? {}) as Partial<ConnectionsStatus>;
  if (!Array.isArray(connections) || !Array.isArray(unanswered)) {
    throw new StartupError(`${describe(target)}: these are not the connections of a stud`);
  }
  return { ...answer as ConnectionsStatus, unanswered };
}

/** Whether it has the parts of a status. What they contain is a server's word, and escaped when it is shown. */
function isStatus(value: unknown): value is Status {
  const status = (value ?? {}) as Readonly<Record<string, unknown>>;
  return status.schema === 1 && LISTS.every((name) => Array.isArray(status[name])) &&
    GROUPS.every((name) => typeof status[name] === "object" && status[name] !== null) &&
    TEXTS.every((name) => typeof status[name] === "string");
}

const LISTS: readonly (keyof Status)[] = [
  ...["frontends", "workers", "certificates", "quarantine", "backends"] as const,
  ...["reloads", "warnings"] as const,
];
const GROUPS: readonly (keyof Status)[] = [
  ...["supervisor", "totals", "handshakes", "postQuantum", "history"] as const,
];
const TEXTS: readonly (keyof Status)[] = ["version", "state", "time"];

/** As an operator would write it. */
function describe(target: Endpoint): string {
  return target.kind === "unix" ? target.path : formatSocketAddress(target);
}

async function get(
  path: string,
  target: Endpoint,
  { network }: Pick<Runtime, "network">,
): Promise<string> {
  const origin = target.kind === "unix" ? "http://localhost" : `http://${describe(target)}`;
  try {
    const { status, body } = await network.request({
      method: "GET",
      url: new URL(path, origin),
      headers: { Accept: "application/json" },
      ...target.kind === "unix" && { socketPath: target.path },
      connectTimeout: CONNECT_TIMEOUT,
      timeout: TIMEOUT,
      limit: MAX_ANSWER,
      cancellation: new Cancellation(),
    });
    if (status !== 200) throw new Error(`it answers with HTTP status ${status}`);
    return new TextDecoder().decode(body);
  } catch (error) {
    const { message } = error as Error;
    throw new StartupError(
      `${describe(target)}: ${message}; is stud running there with --status?`,
      { cause: error },
    );
  }
}

function parsed(text: string, target: Endpoint): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StartupError(`${describe(target)}: the answer is not JSON`, { cause: error });
  }
}

/** Milliseconds. */
const CONNECT_TIMEOUT = 3_000;
const TIMEOUT = 10_000;
/** Bytes; ten thousand certificates are a few megabytes. */
const MAX_ANSWER = 64 << 20;
