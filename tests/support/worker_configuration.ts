/** What a worker is told, for tests that care about little of it. */

import type {
  PackedConfiguration,
  ServingBy,
  WorkerConfiguration,
  WorkerCounters,
  WorkerState,
} from "../../src/control/messages.ts";
import { certificateChunks, type StateFrame } from "../../src/control/packed_configuration.ts";
import { join } from "./client_hello.ts";
import type { FakeChild } from "./fake_processes.ts";
import { LOG } from "./log_settings.ts";
import { TLS_CONFIGURATION } from "./tls_configuration.ts";
import { SOCKETS } from "./socket_settings.ts";

/** The configuration of the first worker. */
export const CONFIGURATION: WorkerConfiguration = {
  index: 1,
  frontends: [{ host: "192.0.2.1", port: 8443 }],
  backend: [{ kind: "tcp", host: "127.0.0.1", port: 8000 }],
  tls: TLS_CONFIGURATION,
  steer: undefined,
  sockets: SOCKETS,
  limits: { maxHandshakes: 256, maxConnections: 0, maxConnectionsPerClient: 0 },
  timeouts: { handshake: 5, backendConnect: 3, drain: 10, linger: 30, stall: 300, worker: 0 },
  preface: { kind: "none", tlv: true, authority: true, clientCertificate: false },
  workers: 1,
  log: LOG,
  privileges: { chroot: undefined, uid: undefined, gid: undefined },
};

/** The same as a state of all workers, with what is particular. */
export function stateOf(
  { index: _, ...particular }: Partial<WorkerConfiguration> = {},
  rest: Partial<WorkerState> = {},
): WorkerState {
  const { index: _index, ...configuration } = { ...CONFIGURATION, ...particular };
  return { version: 1, configuration, staples: new Map(), ...rest };
}

/** A request with what follows its line, as it goes through the pipe. */
export function frameBytes({ line, certificates }: StateFrame): Uint8Array<ArrayBuffer> {
  const chunks = copiesOf(certificateChunks(certificates));
  return new Uint8Array(join([new TextEncoder().encode(line), ...chunks]));
}

/** Each is overwritten by the next. */
function* copiesOf(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) yield chunk.slice();
}

/** The configuration that a worker was started with. */
export function configurationOf({ messages: [start] }: FakeChild): PackedConfiguration {
  if (start?.type !== "start") throw new Error("it was not started");
  return start.configuration;
}

/** What a worker answers to the first request, its start, when it serves. */
export function readyBy(servingBy: ServingBy): { type: "answer"; id: number } & ServingBy {
  return { type: "answer", id: 1, ...servingBy };
}

/** The same for any library. */
export const READY = readyBy({ library: "rustls" });

/** What a worker answers to its start when it cannot serve. */
export function failed(fault: string): { type: "answer"; id: number; fault: string } {
  return { type: "answer", id: 1, fault };
}

/** What a worker has counted. */
export const TOTALS: WorkerCounters = {
  accepted: 3,
  refused: 4,
  handshakesFailed: 2,
  silent: 0,
  clientsDenied: 0,
  backendsFailed: 1,
  bytesToBackend: 10,
  bytesToClient: 20,
};
