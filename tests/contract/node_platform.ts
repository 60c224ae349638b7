/** The contract's tests under Node; see platform.ts. */

import process from "node:process";
import test from "node:test";
import { createRuntime } from "../../src/runtime/node/runtime.ts";
import { makeEngine } from "../../src/tls/make_engine.ts";
import { NodePeer } from "../support/node_peer.ts";
import type { Platform } from "./platform.ts";

const runtime = createRuntime({ workerArguments: [] });

export const platform: Platform = {
  engines: [
    {
      name: "Node",
      runtime,
      library: "node",
      make: (configuration) => makeEngine(runtime, { ...configuration, library: "node" }),
    },
  ],
  test: (name, run) => void test(name, { skip: process.platform !== "linux" }, run),
  connectTls: NodePeer.connectTls,
};
