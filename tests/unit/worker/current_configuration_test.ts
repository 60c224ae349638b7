/** A worker's configuration with what has become known since it was made. */

import { readRequests } from "../../../src/control/message_lines.ts";
import { stateFrame } from "../../../src/control/packed_configuration.ts";
import type { WorkerState } from "../../../src/control/messages.ts";
import { ToldCertificates } from "../../../src/worker/told_certificates.ts";
import { currentConfiguration } from "../../../src/worker/current_configuration.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { engineWith, TLS_CONFIGURATION } from "../../support/tls_configuration.ts";
import { frameBytes, stateOf } from "../../support/worker_configuration.ts";

const [CERTIFICATE] = TLS_CONFIGURATION.certificates;
const TLS = {
  ...TLS_CONFIGURATION,
  certificates: [
    { ...CERTIFICATE!, fingerprint: "f1", ocspResponse: "old" },
    { ...CERTIFICATE!, fingerprint: "f2" },
  ],
};

async function told(
  state: WorkerState,
  certificates = new ToldCertificates(),
  former?: WorkerState,
) {
  const bytes = frameBytes(stateFrame("start", 1, state, 1, former));
  const [request] = await Array.fromAsync(
    readRequests(ReadableStream.from([bytes])),
  );
  assert(request?.type === "start");
  return currentConfiguration(request, certificates);
}

Deno.test("certificates have the newest responses, and frontends that shared a configuration share it", async () => {
  const own = { ...TLS, ...engineWith({ ciphers: "HIGH" }) };
  const frontends = [1, 2].map((port) => ({ host: "::", port, tls: own }));
  const staples = new Map([["f1", null], ["f2", "new"], ["f3", "of none"]]);
  const { tls, frontends: [first, second] } = await told(
    stateOf({ tls: TLS, frontends }, { staples }),
  );
  for (const each of [tls, first!.tls!]) {
    assertEquals(each.certificates.map(({ ocspResponse }) => ocspResponse), [undefined, "new"]);
  }
  assert(first!.tls === second!.tls);
});

Deno.test("why the preferred library is not used is reported where workers use another", async () => {
  const tls = { ...TLS_CONFIGURATION, library: "openssl", orElse: "rustls" } as const;
  const missing = "libssl.so.3 is away";
  assertEquals((await told(stateOf({ tls }, { missing }))).tls.missing, missing);
  const needing = { ...TLS_CONFIGURATION, library: "openssl", because: "--ssl" } as const;
  assertEquals((await told(stateOf({ tls: needing }, { missing }))).tls.missing, undefined);
  assertEquals((await told(stateOf({ tls }))).tls.missing, undefined);
});

Deno.test("certificates that a worker has are not sent again, and stay the same objects", async () => {
  const certificates = ["a", "b", "c", "d"].map((name) => ({
    ...CERTIFICATE!,
    ...{ fingerprint: name, keyId: name, source: name, names: [name] },
  }));
  const state = (version: number, names: string) => {
    const tls = { ...TLS, certificates: [...names].map((name) => known.get(name)!) };
    return stateOf({ tls }, { version });
  };
  const known = new Map(certificates.map((one) => [one.source, one]));
  const worker = new ToldCertificates();
  let former: WorkerState | undefined;
  let served = new Map<string, unknown>();
  for (const [place, names] of ["abc", "adc", "dcab", "", "ab"].entries()) {
    const next = state(place + 1, names);
    const { certificates: sent } = stateFrame("prepare", 1, next, 1, former);
    const fresh = [...names].filter((name) => !served.has(name));
    assertEquals(sent.map(({ source }) => source), fresh, names);
    const { tls } = await told(next, worker, former);
    assertEquals(tls.certificates.map(({ source }) => source), [...names]);
    for (const one of tls.certificates) {
      assert((served.get(one.source) ?? one) === one, `${one.source} is another object`);
    }
    worker.commit(next.version);
    served = new Map(tls.certificates.map((one) => [one.source, one]));
    former = next;
  }
});

Deno.test("what was only prepared is no base for a later state", async () => {
  const worker = new ToldCertificates();
  const first = stateOf({ tls: TLS }, { version: 1 });
  const second = stateOf({ tls: { ...TLS, ...engineWith({ ciphers: "HIGH" }) } }, { version: 2 });
  await told(first, worker);
  await told(second, worker, first);
  assertEquals((await told(second, worker, first)).tls.engine.ciphers, "HIGH");
  await assertRejects(() => told(stateOf({ tls: TLS }, { version: 3 }), worker, second));
  worker.commit(2);
  await assertRejects(() => told(stateOf({ tls: TLS }, { version: 3 }), worker, first));
});
