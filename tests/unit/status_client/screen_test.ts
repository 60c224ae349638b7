/** The screen of `stud top`. */

import { screenLines, SORT_KEYS, type Sorting } from "../../../src/status_client/screen.ts";
import type { ConnectionStatus } from "../../../src/status/status.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { busyStatus } from "../../support/made_status.ts";

function connection(client: string, fields: Partial<ConnectionStatus> = {}): ConnectionStatus {
  return {
    ...{ client, serverName: "example.com", frontend: "a", backend: "b", worker: 1 },
    ...{ version: "TLSv1.3", cipher: "x", age: 1, idle: 1, bytesToBackend: 0, bytesToClient: 0 },
    ...fields,
  };
}

const CONNECTIONS = [
  connection("first", { age: 1, idle: 9, bytesToClient: 5, frontend: "b" }),
  connection("second", { age: 7, idle: null, bytesToBackend: 90, frontend: "a" }),
  connection("a third", { age: 3, idle: 30, bytesToClient: 50, frontend: "a" }),
];

function lines(
  width: number,
  sorting: Sorting = "bytes",
  trouble?: string,
  unanswered: readonly number[] = [],
): string[] {
  const connections = { time: "", matching: 3, connections: CONNECTIONS, unanswered };
  return screenLines({ status: busyStatus(), connections, trouble, sorting, width });
}

function clients(sorting: Sorting): string[] {
  return lines(200, sorting).flatMap((line) => /\b(first|second|a third)\b/.exec(line)?.[1] ?? []);
}

Deno.test("connections are sorted by what the key says", () => {
  assertEquals(clients("bytes"), ["second", "a third", "first"]);
  assertEquals(clients("age"), ["second", "a third", "first"]);
  assertEquals(clients("idle"), ["a third", "first", "second"]);
  assertEquals(clients("client"), ["a third", "first", "second"]);
  assertEquals(clients("frontend"), ["second", "a third", "first"]);
  assertEquals(new Set(Object.values(SORT_KEYS)).size, 5);
});

Deno.test("no line is wider than the terminal, and 80 columns show all numbers", () => {
  for (const width of [1, 20, 80, 200]) {
    for (const line of lines(width)) assert(line.length <= width, line);
  }
  const names = lines(80).findIndex((line) => line.includes("CLIENT"));
  assertEquals(lines(80).slice(0, names).filter((line) => line.endsWith("…")), []);
  const heading = lines(80).find((line) => line.includes("OUT"));
  for (const title of ["IN", "OUT", "AGE", "IDLE", "TLS", "CLIENT"]) {
    assert(heading!.includes(title), heading);
  }
});

Deno.test("a stud that no longer answers is told above what it said last", () => {
  const [, second] = lines(80, "bytes", "/run/x: connection refused\x1b[2J");
  assertEquals(second, "/run/x: connection refused\\x1b[2J");
});

Deno.test("workers that did not answer are named above the connections that lack theirs", () => {
  const all = (unanswered: readonly number[]) => lines(80, "bytes", undefined, unanswered);
  assertEquals(all([]).filter((line) => line.includes("no answer")), []);
  const one = all([2]);
  const index = one.indexOf("no answer from worker 2: its connections are missing here");
  assert(one[index - 1]!.startsWith("3 open connections"), one.join("\n"));
  assert(
    all([2, 5]).includes(
      "no answer from workers 2, 5: their connections are missing here",
    ),
  );
});

Deno.test("nothing that a server says controls the terminal", () => {
  const hostile = "\x1b[2J\x1b]0;x\x07\u202e";
  const status = { ...busyStatus(), version: hostile, time: hostile, state: hostile as "serving" };
  const connections = {
    ...{ time: "", matching: 1, connections: [connection(hostile)] },
    unanswered: [hostile as unknown as number],
  };
  const all = screenLines({ status, connections, trouble: hostile, sorting: "bytes", width: 300 });
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x1f\x7f-\x9f\u202e]/.test(all.join("")), all.join("\n"));
});

Deno.test("a long value leaves room for the other columns", () => {
  const status = busyStatus();
  const frontends = status.frontends.map((one) => ({ ...one, name: "x".repeat(3_000) }));
  const connections = { time: "", matching: 0, connections: [], unanswered: [] };
  const options = { connections, trouble: undefined, sorting: "bytes", width: 80 } as const;
  const all = screenLines({ status: { ...status, frontends }, ...options });
  const heading = all.find((line) => line.startsWith("FRONTEND"))!;
  assert(heading.includes("ACCEPTED"), heading);
});
