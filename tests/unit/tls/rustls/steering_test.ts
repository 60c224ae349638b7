/** Whether the rustls engine has the kernel steer clients: on a platform in memory. */

import { StartupError } from "../../../../src/errors.ts";
import { createRustlsEngine } from "../../../../src/tls/rustls/engine.ts";
import { assertEquals, assertRejects } from "../../../support/assert.ts";
import { FakeRuntime } from "../../../support/fake_runtime.ts";
import { TLS_CONFIGURATION } from "../../../support/tls_configuration.ts";
import { SOCKETS } from "../../../support/socket_settings.ts";

const OPTIONS = {
  address: { host: "127.0.0.1", port: 8443 },
  reusePort: true,
  sockets: SOCKETS,
};

Deno.test("clients are steered among so many workers, if that is asked for", async () => {
  const runtime = new FakeRuntime();
  const engine = createRustlsEngine(runtime, TLS_CONFIGURATION);
  await engine.listen(OPTIONS);
  assertEquals(runtime.kernel!.steered, []);
  await engine.listen({ ...OPTIONS, steer: 4 });
  assertEquals(runtime.kernel!.steered, [{
    address: OPTIONS.address,
    steering: { first: 0, count: 4, byClient: true },
  }]);
});

Deno.test("steering is not left out silently where there is no kernel for it", async () => {
  const runtime = new FakeRuntime();
  runtime.kernel = undefined;
  const listen = () =>
    createRustlsEngine(runtime, TLS_CONFIGURATION).listen({ ...OPTIONS, steer: 2 });
  await assertRejects(listen, StartupError, "--steer-by-client: only on Linux");
  assertEquals(runtime.network.listeners[0]!.closed, true);
});
