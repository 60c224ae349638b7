/** What the kernel is told of sockets, for tests that do not care. */

import type { SocketSettings } from "../../src/config/settings.ts";

/** The defaults of the option table. */
export const SOCKETS: SocketSettings = {
  backlog: 100,
  keepalive: 3600,
  tcpFastOpen: false,
  receiveBuffer: 0,
  sendBuffer: 0,
};
