/** What a worker is told, for tests that care about little of it. */

import type {
  PackedConfiguration,
  WorkerConfiguration,
  WorkerMessage,
  WorkerTotals,
} from "../../src/control/messages.ts";
import type { FakeChild } from "./fake_processes.ts";
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
  accessLog: undefined,
  privileges: { chroot: undefined, uid: undefined, gid: undefined },
};

/** The configuration that a worker was started with. */
export function configurationOf({ messages: [start] }: FakeChild): PackedConfiguration {
  if (start?.type !== "start") throw new Error("it was not started");
  return start.configuration;
}

/** What a worker says when it serves. */
export const READY: WorkerMessage = { type: "ready", library: "rustls" };

/** What a worker has counted. */
export const TOTALS: WorkerTotals = {
  accepted: 3,
  refused: 4,
  handshakesFailed: 2,
  silent: 0,
  clientsDenied: 0,
  backendsFailed: 1,
  octetsToBackend: 10,
  octetsToClient: 20,
};
