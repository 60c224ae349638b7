/** A proxy as tests of it begin, without frontends. */

import type { ProxyOptions } from "../../src/proxy/proxy.ts";

/** One backend, no preface, and the usual times. */
export const PROXY_OPTIONS: Omit<ProxyOptions, "frontends"> = {
  backend: [{ kind: "tcp", host: "127.0.0.1", port: 8000 }],
  preface: "none",
  proxyV2: { tlv: true, authority: true, clientCertificate: false },
  reusePort: true,
  steer: undefined,
  backlog: 100,
  keepalive: 3600,
  timeouts: { handshake: 30, backendConnect: 3, linger: 30, stall: 300 },
};
