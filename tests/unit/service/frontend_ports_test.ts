/** Ports that the supervisor keeps while its workers come and go. */

import { StartupError } from "../../../src/errors.ts";
import { FrontendPorts } from "../../../src/service/frontend_ports.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

/** A plan, as far as ports are concerned. */
function planFor(...ports: number[]): Plan {
  return {
    settings: { frontendsGiven: true, workers: { steerByClient: false } },
    configuration: { backend: [] },
    frontends: ports.map((port) => ({
      text: `192.0.2.1,${port}`,
      alternatives: [[{ host: "192.0.2.1", port }]],
      tls: undefined,
    })),
  } as unknown as Plan;
}

async function bench() {
  const runtime = new FakeRuntime();
  const ports = await FrontendPorts.open(planFor().settings, runtime);
  return { runtime, ports, reserved: runtime.network.reserved };
}

Deno.test("claim() keeps what it claims, and what is served; keep() lets go of the rest", async () => {
  const { ports, reserved } = await bench();
  const first = await ports.claim(planFor(443, 80), {});
  assertEquals(reserved, ["192.0.2.1:443", "192.0.2.1:80"]);
  const next = await ports.claim(planFor(443, 8443), { held: first });
  assertEquals(reserved, ["192.0.2.1:443", "192.0.2.1:80", "192.0.2.1:8443"]);
  ports.keep(next);
  assertEquals(reserved, ["192.0.2.1:443", "192.0.2.1:8443"]);
  ports.keep(first);
  assertEquals(reserved, ["192.0.2.1:443"]);
});

Deno.test("a claim that fails keeps nothing new, and one after the release nothing at all", async () => {
  const { runtime, ports, reserved } = await bench();
  const first = await ports.claim(planFor(443), {});
  runtime.network.inUse.add("192.0.2.1:80");
  await assertRejects(() => ports.claim(planFor(443, 8443, 80), { held: first }), StartupError);
  assertEquals(reserved, ["192.0.2.1:443"]);
  ports.release();
  await ports.claim(planFor(8443), { held: first });
  assertEquals(reserved, []);
});

Deno.test("a socket that was handed over needs no keeping", async () => {
  const runtime = new FakeRuntime();
  runtime.service.variables.set("LISTEN_PID", "4711").set("LISTEN_FDS", "1");
  runtime.service.inherited.set(3, { host: "192.0.2.1", port: 443 });
  const ports = await FrontendPorts.open(planFor().settings, runtime);
  await ports.claim(planFor(443, 80), {});
  assertEquals(runtime.network.reserved, ["192.0.2.1:80"]);
});
