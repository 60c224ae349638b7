/** Which engines a worker's frontends get, from one configuration to the next. */

import { StartupError } from "../../../src/errors.ts";
import type { TlsEngine } from "../../../src/tls/engine.ts";
import type { TlsConfiguration } from "../../../src/tls/tls_configuration.ts";
import { FrontendEngines } from "../../../src/worker/frontend_engines.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { engineWith, TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

const AT = [1, 2, 3].map((port) => ({ host: "192.0.2.1", port }));

function bench() {
  const made: TlsConfiguration[] = [];
  const discarded: TlsConfiguration[] = [];
  const engines = new FrontendEngines((configuration) => {
    if (configuration.engine.ciphers === "NONSENSE") {
      return Promise.reject(new StartupError("no cipher match"));
    }
    made.push(configuration);
    const engine = { discard: () => void discarded.push(configuration) } as unknown as TlsEngine;
    return Promise.resolve(engine);
  });
  return { engines, made, discarded };
}

function withCiphers(ciphers: string): TlsConfiguration {
  return { ...TLS_CONFIGURATION, ...engineWith({ ciphers }) };
}

Deno.test("use() makes an engine for each configuration, however many frontends share it", async () => {
  const { engines, made } = bench();
  const own = withCiphers("HIGH");
  const [first, second, third] = await engines.use({
    frontends: [AT[0]!, { ...AT[1]!, tls: own }, AT[2]!],
    tls: TLS_CONFIGURATION,
  });
  assertEquals(made, [TLS_CONFIGURATION, own]);
  assert(first!.engine === third!.engine && first!.engine !== second!.engine);
  assertEquals([first!.host, first!.port, second!.port, third!.port], ["192.0.2.1", 1, 2, 3]);
});

Deno.test("use() makes no engine that no frontend needs", async () => {
  const { engines, made } = bench();
  const own = withCiphers("HIGH");
  await engines.use({ frontends: [{ ...AT[0]!, tls: own }], tls: TLS_CONFIGURATION });
  assertEquals(made, [own]);
});

Deno.test("use() gives the engine of before for a configuration that says the same", async () => {
  const { engines, made } = bench();
  const [before] = await engines.use({ frontends: [AT[0]!], tls: TLS_CONFIGURATION });
  engines.commit();
  const [same] = await engines.use({
    frontends: [AT[1]!],
    tls: structuredClone(TLS_CONFIGURATION),
  });
  assert(same!.engine === before!.engine);
  engines.commit();
  const [other] = await engines.use({ frontends: [AT[1]!], tls: withCiphers("HIGH") });
  assert(other!.engine !== before!.engine);
  assertEquals(made.length, 2);
});

Deno.test("forget() discards what was made for nothing, and what is used stays", async () => {
  const { engines, made, discarded } = bench();
  const [used] = await engines.use({ frontends: [AT[0]!], tls: TLS_CONFIGURATION });
  engines.commit();
  const own = withCiphers("HIGH");
  await engines.use({ frontends: [AT[0]!, { ...AT[1]!, tls: own }], tls: TLS_CONFIGURATION });
  engines.forget();
  assertEquals(discarded, [own]);
  engines.forget();
  assertEquals(discarded, [own]);
  const [again] = await engines.use({
    frontends: [AT[0]!],
    tls: structuredClone(TLS_CONFIGURATION),
  });
  assert(again!.engine === used!.engine);
  assertEquals(made.length, 2);
});

Deno.test("what was made before another engine failed is discarded", async () => {
  const { engines, discarded } = bench();
  await engines.use({ frontends: [AT[0]!], tls: TLS_CONFIGURATION });
  engines.commit();
  const own = withCiphers("HIGH");
  const use = () =>
    engines.use({
      frontends: [{ ...AT[0]!, tls: own }, { ...AT[1]!, tls: withCiphers("NONSENSE") }],
      tls: TLS_CONFIGURATION,
    });
  await assertRejects(use, StartupError, "no cipher match");
  engines.forget();
  assertEquals(discarded, [own]);
});
