/** What is asked of the kernel for a listening socket. */

import { tuneListener } from "../../../src/tls/tune_listener.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { SOCKETS } from "../../support/socket_settings.ts";

const ADDRESS = { host: "127.0.0.1", port: 8443 };

Deno.test("tuneListener() passes on the same settings", () => {
  const runtime = new FakeRuntime();
  const sockets = { ...SOCKETS, receiveBuffer: 4096 };
  tuneListener(runtime, ADDRESS, { sockets });
  tuneListener(runtime, ADDRESS, { sockets, silentClients: true });
  assertEquals(runtime.kernel!.tuned, [
    { address: ADDRESS, options: { sockets } },
    { address: ADDRESS, options: { sockets, silentClients: true } },
  ]);
  assert(runtime.kernel!.tuned[0]!.options.sockets === sockets);
});

Deno.test("tuneListener() works without a kernel", () => {
  const runtime = new FakeRuntime();
  runtime.kernel = undefined;
  tuneListener(runtime, ADDRESS, { sockets: SOCKETS });
});
