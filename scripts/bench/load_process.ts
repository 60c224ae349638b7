/**
 * The two helper processes of a measurement, the backend and the load: starts them with Node and implements their line
 * protocol. Knows the format of a job, not what is measured with it.
 */

import { type Child, type Side, start } from "./processes.ts";

/** What the load process must do once. */
export interface Job {
  /**
   * `handshakes` opens a connection per unit and sends one request on it. `hold` keeps the connections open; so does
   * `stall`, with a large response that is not read. `first` tries until one request is answered. `probe` sends
   * requests at fixed times.
   */
  readonly kind:
    | "download"
    | "upload"
    | "requests"
    | "handshakes"
    | "hold"
    | "stall"
    | "first"
    | "probe";
  /** Bytes for download and upload, or the number of requests or connections; divided among `connections`. */
  readonly amount: number;
  /** How many connections are open, or being made, at the same time. */
  readonly connections: number;
  readonly version: "TLSv1.2" | "TLSv1.3";
  /** Offer the session of the previous connection. */
  readonly resume?: boolean;
  /** `handshakes` leaves without close_notify. */
  readonly rude?: boolean;
  /** Requests per second of `probe`. */
  readonly rate?: number;
  /** The proxy's port on 127.0.0.1. */
  readonly port: number;
  /** The job fails after so many seconds. */
  readonly seconds: number;
}

/** The result: completed handshakes, how many of them resumed a session, and connections now held. */
export interface Done {
  connections: number;
  resumed: number;
  held: number;
  /** For `probe`: µs from each request's due time to its response. */
  latencies?: number[];
}

/** A backend that listens on `port` of 127.0.0.1. */
export interface Backend {
  readonly port: number;
  end(): Promise<void>;
}

/** Starts a new backend, so that no measurement finds the last one's ports in TIME_WAIT. */
export async function startBackend(side: Side): Promise<Backend> {
  const child = startScript("backend.mjs", side);
  const { port } = JSON.parse(await child.nextLine(10)) as { port: number };
  return { port, end: () => child.end() };
}

/** Node's version, for the table's legend. Throws if there is no Node. */
export function nodeVersion(): string {
  try {
    return new TextDecoder().decode(
      new Deno.Command("node", { args: ["--version"] }).outputSync().stdout,
    )
      .trim();
  } catch (cause) {
    throw new Error("the clients and the backend need node, which is not on PATH", { cause });
  }
}

/** The TLS clients. */
export class Load {
  readonly #child: Child;

  constructor(side: Side) {
    this.#child = startScript("load.mjs", side);
  }

  /** Does one job to its end; throws with the reason if it fails or takes too long. */
  async run(job: Job): Promise<Done> {
    await this.#child.writeLine(JSON.stringify(job));
    const answer = JSON.parse(await this.#child.nextLine(job.seconds + 5)) as
      | Done
      | { error: string };
    if ("error" in answer) throw new Error(answer.error);
    return answer;
  }

  /** Ends the process and all connections that it holds. */
  end(): Promise<void> {
    return this.#child.end();
  }
}

function startScript(name: string, side: Side): Child {
  const script = new URL(name, import.meta.url).pathname;
  return start({ name, command: ["node", script], side, conversation: true });
}
