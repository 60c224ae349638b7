/** What the demo shows about one request: what its backend sees itself, and what stud tells by its status address. */

import type { ConnectionsStatus, ConnectionStatus, Status } from "../../src/status/status.ts";

/** What stud tells about one of its connections; null where it does not know. */
export interface StudFacts {
  readonly connection: ConnectionStatus | null;
  /** Process id of the worker that has it. */
  readonly workerPid: number | null;
  readonly status: Status | null;
}

/** One request, as the backend received it. */
export interface RequestFacts extends StudFacts {
  readonly requestLine: string;
  /** `ADDRESS:PORT`, from the PROXY line. */
  readonly client: string;
  readonly proxyLine: string;
  readonly headers: readonly string[];
  /** Where the backend listens. */
  readonly backend: string;
  /** Where stud serves, as a URL. */
  readonly frontend: string;
  /** The status page, as a URL; undefined on a Deno that cannot serve it. */
  readonly statusPage: string | undefined;
}

/** Asks stud about the client with this address. It answers for the demo's traffic; under load it may be too busy. */
export async function askStud(statusPage: string | undefined, client: string): Promise<StudFacts> {
  if (statusPage === undefined) return { connection: null, workerPid: null, status: null };
  const host = client.slice(0, client.lastIndexOf(":"));
  const [connections, status] = await Promise.all([
    ask<ConnectionsStatus>(`${statusPage}connections?client=${host}&limit=500`),
    ask<Status>(`${statusPage}status`),
  ]);
  const connection = connections?.connections.find((one) => one.client === client) ?? null;
  const worker = status?.workers.find(({ index }) => index === connection?.worker);
  return { connection, workerPid: worker?.pid ?? null, status };
}

async function ask<Answer>(url: string): Promise<Answer | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
    return await response.json();
  } catch {
    return null;
  }
}

/** The value of a header field, or undefined. */
export function headerOf({ headers }: Pick<RequestFacts, "headers">, name: string) {
  const field = headers.find((line) => line.toLowerCase().startsWith(`${name}:`));
  return field?.slice(name.length + 1).trim();
}

/** Whether the client wants a page, as browsers say, and not text. */
export function wantsPage(facts: Pick<RequestFacts, "headers">): boolean {
  return /\btext\/html\b/.test(headerOf(facts, "accept") ?? "");
}

/** Milliseconds. */
const PATIENCE = 2000;
