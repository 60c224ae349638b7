/** A client of `--status`, on TCP or a unix socket, and how tests that need such a stud are declared. */

import type { Status } from "../../src/status/status.ts";

import { type Needs, testWith } from "./tools.ts";

/** Where a stud serves its status. */
export type StatusPlace = { readonly port: number } | { readonly path: string };

/** An answer. */
export interface StatusAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** What a request may have besides its target. */
export interface StatusRequest {
  readonly method?: string;
  /** Lines of the header. */
  readonly headers?: readonly string[];
}

/** Sends one request and reads its answer. */
export async function ask(
  place: StatusPlace,
  target: string,
  { method = "GET", headers = ["host: localhost"] }: StatusRequest = {},
): Promise<StatusAnswer> {
  using conn = await connectTo(place);
  const lines = [`${method} ${target} HTTP/1.1`, ...headers, "connection: close", "", ""];
  await conn.write(new TextEncoder().encode(lines.join("\r\n")));
  const text = await new Response(conn.readable).text();
  const [head = "", ...body] = text.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), head, body: body.join("\r\n\r\n") };
}

/** `GET /status`. */
export async function statusOf(place: StatusPlace): Promise<Status> {
  return JSON.parse((await ask(place, "/status")).body);
}

/** Connects. */
export function connectTo(place: StatusPlace): Promise<Deno.Conn> {
  return "path" in place
    ? Deno.connect({ transport: "unix", path: place.path })
    : Deno.connect({ hostname: "127.0.0.1", port: place.port });
}

/** A path for a unix socket in a directory that ends with the test. */
export function socketPlace(): { readonly path: string; readonly folder: string } & Disposable {
  const folder = Deno.makeTempDirSync();
  return {
    ...{ folder, path: `${folder}/status.sock` },
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

/** Declares a test of the status, with a stud that serves it. */
export function testStatus(name: string, run: () => Promise<void>, needs: Needs = {}): void {
  testWith({ linux: true, ...needs }, name, run);
}
