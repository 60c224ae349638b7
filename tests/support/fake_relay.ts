/** A relay between two streams in memory, with everything that a worker's relays share. */

import type { PeerError } from "../../src/errors.ts";
import { Aborter } from "../../src/proxy/aborter.ts";
import { Registry } from "../../src/metrics/registry.ts";
import { Activity } from "../../src/proxy/activity.ts";
import { newCounters } from "../../src/proxy/counters.ts";
import { FrontendCounts } from "../../src/proxy/frontend_counts.ts";
import { newRelayBuffers, relay, type RelayServices } from "../../src/proxy/relay.ts";
import { StallWatch } from "../../src/proxy/stall_watch.ts";
import { FakeRuntime } from "./fake_runtime.ts";
import { FakeStream, pairOf } from "./fake_stream.ts";
import { settled } from "./manual_clock.ts";

/** A relay that has begun, and both peers in the test's hands. */
export interface FakeRelay {
  readonly runtime: FakeRuntime;
  readonly client: FakeStream;
  readonly backend: FakeStream;
  readonly services: RelayServices;
  /** What the relay resolved with; undefined while it runs. */
  readonly outcome: { readonly fault: PeerError | undefined } | undefined;
}

/** Begins a relay of a client whose reads give one record each. Limits in milliseconds. */
export function beginRelay(limits = { linger: 30_000, stall: 300_000 }): FakeRelay {
  const runtime = new FakeRuntime();
  const [client, backend] = [new FakeStream(pairOf(1)), new FakeStream(pairOf(2))];
  const services: RelayServices = {
    runtime,
    aborter: new Aborter(runtime),
    stallWatch: new StallWatch(runtime, limits),
    counters: newCounters(),
    activity: new Activity(runtime.clock),
    buffers: newRelayBuffers(true),
  };
  let outcome: FakeRelay["outcome"];
  const counts = new FrontendCounts(new Registry(), "frontend");
  relay(client, backend, services, { counts }).then((fault) => outcome = { fault });
  return {
    ...{ runtime, client, backend, services },
    get outcome() {
      return outcome;
    },
  };
}

/** What a relay resolved with, as `party kind`; `orderly` without a fault, `running` while it runs. */
export async function outcomeOf(one: FakeRelay): Promise<string> {
  await settled();
  if (one.outcome === undefined) return "running";
  const { fault } = one.outcome;
  return fault === undefined ? "orderly" : `${fault.party} ${fault.kind}`;
}
