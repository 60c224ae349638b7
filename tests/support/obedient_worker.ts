/** Workers in memory that do what their supervisor tells them, for tests that care about the supervisor alone. */

import type { ServingBy, WorkerRequest } from "../../src/control/messages.ts";
import type { FakeChild } from "./fake_processes.ts";
import { TOTALS } from "./worker_configuration.ts";

/** What is particular to a worker. */
export interface Obedience {
  /** What it answers where it may refuse; undefined: nothing, ever. By default everything goes well. */
  readonly answer?: (request: WorkerRequest) => Answered | undefined;
  /** What does TLS in it. */
  readonly servingBy?: ServingBy;
  /** Whether it has clients, and so does not end when it is told to drain. */
  readonly busy?: boolean;
}

/** The fields of an answer. */
export interface Answered {
  readonly fault?: string;
  readonly refused?: readonly object[];
  readonly reopened?: readonly object[];
  readonly matching?: number;
  readonly connections?: readonly object[];
}

/** Has a child process obey from its start on. */
export function obey(
  child: FakeChild,
  { answer = () => ({}), servingBy, busy = false }: Obedience = {},
) {
  child.onTold = (request) => {
    switch (request.type) {
      case "start":
        return child.answer(request, servingBy ?? { library: "rustls" });
      case "prepare":
      case "commit":
      case "steer": {
        const given = answer(request);
        const nothing = request.type === "prepare" ? { reopened: [] } : {};
        return given && child.answer(request, { ...nothing, ...given });
      }
      case "connections":
        return child.answer(request, { matching: 0, connections: [], ...answer(request) });
      case "disconnect":
        return child.answer(request, { matching: 0, ...answer(request) });
      case "drain":
        child.answer(request);
        if (!busy) leave(child);
        return;
      default:
        child.answer(request);
    }
  };
}

/** It ends in order. */
export function leave(child: FakeChild): void {
  child.say({ type: "ended", counters: TOTALS });
  child.end();
}
