/** A proxy as tests of it begin, without frontends. */

import type { ProxyOptions } from "../../src/proxy/proxy.ts";
import { LOG } from "./log_settings.ts";
import { SOCKETS } from "./socket_settings.ts";

/** One backend, no preface, and the usual times. */
export const PROXY_OPTIONS: Omit<ProxyOptions, "frontends"> = {
  backend: [{ kind: "tcp", host: "127.0.0.1", port: 8000 }],
  sockets: SOCKETS,
  log: LOG,
  limits: { maxHandshakes: 0, maxConnections: 0, maxConnectionsPerClient: 0 },
  preface: { kind: "none", tlv: true, authority: true, clientCertificate: false },
  reusePort: true,
  steer: undefined,
  timeouts: { handshake: 30, backendConnect: 3, linger: 30, stall: 300 },
};
