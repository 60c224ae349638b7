/** Workers in memory that do what their supervisor tells them, for tests that care about the supervisor alone. */

import type {
  ServingBy,
  SupervisorMessage,
  WorkerAnswer,
  WorkerMessage,
} from "../../src/control/messages.ts";
import type { FakeChild } from "./fake_processes.ts";
import { READY, TOTALS } from "./worker_configuration.ts";

/** What is particular to a worker. */
export interface Obedience {
  /** What it answers; undefined: nothing, ever. By default everything goes well. */
  readonly answer?: (message: SupervisorMessage) => Partial<WorkerAnswer> | undefined;
  /** What does TLS in it. */
  readonly servingBy?: ServingBy;
  /** Whether it has clients, and so does not end when it is told to drain. */
  readonly busy?: boolean;
}

/** Has a child process obey from its start on. */
export function obey(
  child: FakeChild,
  { answer = () => ({}), servingBy, busy = false }: Obedience = {},
) {
  const say = (message: WorkerMessage) => child.say(message);
  child.onTold = (message) => {
    switch (message.type) {
      case "start":
        return say(servingBy === undefined ? READY : { type: "ready", ...servingBy });
      case "prepare":
      case "commit":
      case "steer": {
        const given = answer(message);
        if (given !== undefined) say({ type: "answer", ...given });
        return;
      }
      case "drain":
        say({ type: "deaf" });
        if (!busy) leave(child);
    }
  };
}

/** It ends in order. */
export function leave(child: FakeChild): void {
  child.say({ type: "ended", counters: TOTALS } as WorkerMessage);
  child.end();
}
