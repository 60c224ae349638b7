/** Moves octets of one direction of a relay: takes what is there, writes it, and waits only where it must. */

import type { Clock, Duplex } from "../runtime/runtime.ts";
import type { Inlet } from "./inlet.ts";

/** One direction of one relay. */
export interface Direction {
  readonly to: Duplex;
  readonly inlet: Inlet;
  /** Told whenever octets have come. */
  readonly onOctets: () => void;
  /** Whether a write is under way. */
  writing: boolean;
  /** Octets read. */
  octets: number;
  /** Whether the orderly end was read. */
  ended: boolean;
}

/**
 * Moves octets until the orderly end, which it passes on unless `checkEnd` throws, or a fault, which it
 * returns.
 */
export async function pump(
  direction: Direction,
  clock: Clock,
  checkEnd?: () => Promise<void>,
): Promise<unknown | undefined> {
  const { to, inlet } = direction;
  let share = FAIR_SHARE;
  try {
    for (;;) {
      let octets = inlet.next();
      if (octets instanceof Promise) {
        octets = await octets as Exclude<typeof octets, Promise<unknown>>;
      }
      if (octets === undefined) continue;
      if (octets === null) break;
      direction.octets += octets.length;
      direction.onOctets();
      direction.writing = true;
      for (let rest = octets;;) {
        let written = to.write(rest);
        if (typeof written !== "number") written = await written;
        if (written === rest.length) break;
        rest = rest.subarray(written);
      }
      direction.writing = false;
      inlet.adapt();
      // Reads and writes that need not wait never leave this loop; timers and other connections do.
      if (direction.octets >= share) {
        await clock.turn();
        share = direction.octets + FAIR_SHARE;
      }
    }
    direction.ended = true;
    await checkEnd?.();
    direction.writing = true;
    const closing = to.closeWrite();
    if (closing !== undefined) await closing;
    direction.writing = false;
    return undefined;
  } catch (error) {
    return error ?? new Error("unknown fault");
  }
}

/**
 * Reads and forgets until the end, of whatever kind. It rests after each read: one that finds data does not
 * pass through the event loop, so that a fast client would keep every timer of the worker from running.
 */
export async function discard(
  direction: Direction,
  pause: () => Promise<void>,
): Promise<void> {
  try {
    for (;;) {
      const octets = await direction.inlet.next();
      if (octets === null) return;
      if (octets === undefined) continue;
      direction.octets += octets.length;
      await pause();
    }
  } catch {
    // The client has gone: nothing is left to discard.
  }
}

/** Octets that a direction may move before everything else gets a turn: less than one large read. */
const FAIR_SHARE = 64 << 10;
