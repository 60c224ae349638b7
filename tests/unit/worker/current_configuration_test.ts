/** A worker's configuration with what has become known since it was made. */

import { readRequests } from "../../../src/control/message_lines.ts";
import { stateFrame, ToldKeys } from "../../../src/control/packed_configuration.ts";
import type { WorkerState } from "../../../src/control/messages.ts";
import { currentConfiguration } from "../../../src/worker/current_configuration.ts";
import { assert, assertEquals } from "../../support/assert.ts";
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

async function told(state: WorkerState) {
  const bytes = frameBytes(stateFrame("start", 1, state, 1));
  const [request] = await Array.fromAsync(
    readRequests(ReadableStream.from([bytes])),
  );
  assert(request?.type === "start");
  return currentConfiguration(request, new ToldKeys());
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
