/** The contract's tests under Deno; see platform.ts. */

import { createRuntime } from "../../src/runtime/deno/runtime.ts";
import { socketDescriptors } from "../../src/runtime/linux/descriptors.ts";
import { EventLoop } from "../../src/runtime/loop/event_loop.ts";
import { createLoopNetwork } from "../../src/runtime/loop/loop_network.ts";
import { makeEngine } from "../../src/tls/make_engine.ts";
import { resetConnection } from "../support/reset.ts";
import { connectTls } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";
import type { Platform, TlsClient } from "./platform.ts";

const runtime = createRuntime({ workerArguments: [] });
// Loads the C library and OpenSSL now: loaded by a test, they would count as leaked by it.
runtime.kernel;
socketDescriptors();
runtime.openOpenSsl();

// The tests' own timers and sockets are the runtime's.
const loop = new EventLoop({ longestSleep: 1 });
const onLoop = { ...runtime, clock: loop, network: createLoopNetwork(() => loop, runtime.network) };

export const platform: Platform = {
  engines: [
    {
      name: "rustls on Deno",
      runtime,
      library: "rustls",
      make: (configuration) => makeEngine(runtime, { ...configuration, library: "rustls" }),
    },
    {
      name: "OpenSSL on Deno",
      runtime,
      library: "openssl",
      make: (configuration) => makeEngine(runtime, { ...configuration, library: "openssl" }),
    },
    {
      name: "OpenSSL on Deno, on our own loop",
      runtime: onLoop,
      library: "openssl",
      make: (configuration) => makeEngine(onLoop, { ...configuration, library: "openssl" }),
    },
  ],
  test: (name, run) => testWith({ linux: true }, name, run),
  connectTls: async (port, certificate) => client(await connectTls(port, { certificate })),
};

function client(conn: Deno.TlsConn): TlsClient {
  const { localAddr: local, remoteAddr: peer } = conn;
  return {
    pair: {
      local: { host: local.hostname, port: local.port },
      peer: { host: peer.hostname, port: peer.port },
    },
    read: (into) => conn.read(into),
    write: (bytes) => conn.write(bytes),
    closeWrite: () => conn.closeWrite(),
    reset: () => resetConnection(conn),
    // Nobody asks.
    unsent: () => 0,
    close: () => conn.close(),
  };
}
