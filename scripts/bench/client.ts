/**
 * The clients that do a measured piece of work: the benchmark's own, which checks each byte of the responses, and three
 * other programs, whose own error counts are checked. This file does not know the rows that use them.
 */

import type { Place } from "./experiment.ts";
import type { Job } from "./load_process.ts";
import { type Side, start } from "./processes.ts";
import { amountOf, type Subject } from "./stage.ts";

/** Which client does the work, and how much of it. */
export type Client =
  /** The load process. The amount is for one batch. */
  | { readonly program: "node"; readonly job: Omit<Job, "port" | "seconds"> }
  /**
   * `openssl s_time`: handshakes, one at a time in each of several processes. It leaves without close_notify. It sends
   * no request unless it resumes under TLS 1.3, where tickets come after the handshake.
   */
  | {
    readonly program: "s_time";
    readonly version: Job["version"];
    readonly resume?: boolean;
    readonly processes: number;
  }
  /** wrk: requests for so many seconds, over connections that stay open or that it closes after each response. */
  | {
    readonly program: "wrk";
    readonly connections: number;
    readonly close?: boolean;
    readonly seconds: number;
  }
  /** curl: one transfer of so many bytes. */
  | { readonly program: "curl"; readonly direction: "download" | "upload"; readonly bytes: number };

/** What was done. */
export interface Outcome {
  /** Bytes, requests or connections. */
  readonly units: number;
  /** The share of handshakes that resumed a session. */
  readonly resumed?: number;
}

/** Does the work once, `times` as much of it as the client specifies. Throws if any of it fails. */
export async function perform(
  client: Client,
  subject: Subject,
  place: Place,
  times = 1,
): Promise<Outcome> {
  if (client.program === "s_time") return await sTime(client, subject);
  if (client.program === "wrk") {
    return await wrk(place.quick ? { ...client, connections: 4 } : client, subject);
  }
  if (client.program === "curl") {
    return await curl({ ...client, bytes: amountOf(client.bytes, 1, place) }, subject, place);
  }
  const { job } = client;
  const chains = Math.max(Math.round(job.amount * times / job.connections), 1);
  const amount = amountOf(chains * job.connections, job.connections, place);
  const done = await subject.load.run({ ...job, amount, port: subject.port, seconds: JOB_SECONDS });
  if (!job.resume && done.resumed > 0) throw new Error("handshakes resumed that were to be full");
  return { units: amount, ...(job.resume ? { resumed: done.resumed / done.connections } : {}) };
}

async function sTime(
  { version, resume = false, processes }: Client & { program: "s_time" },
  { port, side }: Subject,
): Promise<Outcome> {
  const pinned = version === "TLSv1.2"
    ? ["-tls1_2", "-cipher", "ECDHE+AESGCM+AES128"]
    : ["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"];
  const asks = resume && version === "TLSv1.3" ? ["-www", "/"] : [];
  const command = ["openssl", "s_time", "-connect", `127.0.0.1:${port}`, "-time", "1"];
  const each = await Promise.all(Array.from({ length: processes }, async () => {
    const output = await run([...command, ...pinned, ...asks, resume ? "-reuse" : "-new"], side);
    return parseSTime(output);
  }));
  return {
    units: each.reduce((sum, { connections }) => sum + connections, 0),
    ...(resume ? { resumed: Math.min(...each.map(({ resumed }) => resumed)) } : {}),
  };
}

/** The counts at the end of s_time's output: the number of connections, and how many of the last ones resumed. */
export function parseSTime(output: string): { connections: number; resumed: number } {
  const connections = Number(/^(\d+) connections in \d+ real seconds/m.exec(output)?.[1] ?? 0);
  if (connections === 0) throw new Error(`s_time made no connection: ${output.slice(-200)}`);
  // One letter per connection: r if the session was reused, otherwise one for the version.
  const letters = /^[r*t]*[r*t]$/m.exec(output)?.[0] ?? "*";
  return { connections, resumed: (letters.split("r").length - 1) / letters.length };
}

async function wrk(
  { connections, close = false, seconds }: Client & { program: "wrk" },
  { port, side }: Subject,
): Promise<Outcome> {
  const header = close ? ["-H", "Connection: close"] : [];
  const url = `https://127.0.0.1:${port}/`;
  const command = [...WRK, `-c${connections}`, `-d${seconds}s`, ...header, url];
  return { units: parseWrk(await run(command, side)) };
}

/** A flood of handshakes, 50 at a time, for so many seconds; throws if no request at all was answered. */
export async function floodFor(seconds: number, { port, side }: Subject): Promise<void> {
  const url = `https://127.0.0.1:${port}/`;
  const command = [...WRK, "-c50", `-d${seconds}s`, "-H", "Connection: close", url];
  const output = await run(command, side);
  // Only the load matters: under such a flood a peer may refuse some connections.
  parseWrk(output.replace(/^ *Socket errors.*/m, ""));
}

/** The number of requests that wrk counted; throws if it also counted errors. */
export function parseWrk(output: string): number {
  const requests = Number(/^ *(\d+) requests in /m.exec(output)?.[1] ?? 0);
  const errors = /^ *(Socket errors|Non-2xx).*/m.exec(output)?.[0];
  if (requests === 0 || errors !== undefined) {
    throw new Error(`wrk: ${requests} requests; ${errors?.trim() ?? output}`);
  }
  return requests;
}

async function curl(
  { direction, bytes }: Client & { program: "curl" },
  { name, port, side }: Subject,
  { directory }: Place,
): Promise<Outcome> {
  const url = `https://127.0.0.1:${port}`;
  if (direction === "download") {
    const output = await run([...CURL, "-o", "/dev/null", `${url}/bytes/${bytes}`], side);
    expect(output, `200 ${bytes}`);
    return { units: bytes };
  }
  const file = `${directory}/upload-${name.replace(/\W/g, "")}`;
  await Deno.writeTextFile(file, "");
  await Deno.truncate(file, bytes);
  // The response is the number of bytes that the backend counted.
  const output = await run([...CURL, "-H", "Expect:", "-T", file, `${url}/`], side);
  expect(output, `${bytes}\n200 ${String(bytes).length + 1}`);
  return { units: bytes };
}

/** A download at full speed for so many seconds; resolves with the number of bytes received. */
export async function downloadFor(seconds: number, { port, side }: Subject): Promise<number> {
  const url = `https://127.0.0.1:${port}/bytes/1000000000000`;
  const output = await run(
    [...CURL, "-m", `${seconds}`, "-o", "/dev/null", url],
    side,
    CURL_TIMED_OUT,
  );
  return Number(/^200 (\d+)$/m.exec(output)?.[1] ?? 0);
}

/** Runs a program until it exits; throws unless it exits with the expected status. */
async function run(command: readonly string[], side: Side, status = 0): Promise<string> {
  const child = start({ name: command.slice(0, 2).join(" "), command, side });
  const code = await child.finished(JOB_SECONDS);
  if (code !== status) {
    throw new Error(`${command[0]} ended with ${code}: ${child.output.slice(-300)}`);
  }
  return child.output;
}

function expect(output: string, expected: string): void {
  if (output.trim() !== expected) throw new Error(`curl: ${output.trim()} instead of ${expected}`);
}

/** A client that waits long is slow, but not an error. */
const WRK = ["wrk", "-t1", "--timeout", "30s"];
const CURL = [
  ...["curl", "-sk", "--http1.1", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256"],
  ...["-w", "%{http_code} %{size_download}"],
];
/** curl(1): the time limit of -m was reached. */
const CURL_TIMED_OUT = 28;
/** A job that hangs fails after so many seconds. */
const JOB_SECONDS = 120;
