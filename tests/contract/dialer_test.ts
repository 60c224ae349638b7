/** The contract of TLS to a backend: whom it believes, how it carries plaintext, and how connections end. */

import { StartupError } from "../../src/errors.ts";
import { ENGINES } from "../../src/tls/engines.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { writeAll } from "../support/backend.ts";
import { readPattern, writePattern } from "../support/pattern.ts";
import { receive, receiveText, send } from "../support/tls_client.ts";
import { dialerContract } from "./dialer_site.ts";
import { Wire } from "./wire.ts";

const WE_SAY = "from stud";
const IT_SAYS = "from the backend";

dialerContract("an address is verified against the addresses in the certificate", async (site) => {
  const listener = await site.listen({ names: ["ip:127.0.0.1"] });
  const ours = await site.dial(listener.address.port, { name: "127.0.0.1" });
  const accepting = site.accept(listener);
  await site.handshakes(ours, accepting);
  const backend = await accepting;
  assertEquals(backend.serverName, undefined);
});

/** What is wrong with a backend's certificate, and the words for it: the same for every engine. */
const REFUSED: Readonly<Record<string, readonly [{ names?: string[]; days?: number }, string]>> = {
  "an expired certificate": [{ days: -1 }, "TLS: its certificate has expired"],
  "a certificate for another name": [
    { names: ["other.example", "www.other.example"] },
    "TLS: its certificate is not for localhost but for other.example, www.other.example",
  ],
  "a certificate for an address alone": [
    { names: ["ip:127.0.0.1"] },
    "TLS: its certificate is not for localhost but for 127.0.0.1",
  ],
};

for (const [what, [order, reason]] of Object.entries(REFUSED)) {
  dialerContract(`${what} is refused, and the reason is plain`, async (site) => {
    const listener = await site.listen(order);
    const ours = await site.dial(listener.address.port);
    const { party, kind, message } = await site.handshakeFault(listener, ours);
    assertEquals([party, kind, message], ["backend", "handshake", reason]);
  });
}

dialerContract("a certificate of an unknown authority is refused", async (site) => {
  const listener = await site.listen({ issuer: await Authority.make("Somebody Else") });
  const ours = await site.dial(listener.address.port);
  const { kind, message } = await site.handshakeFault(listener, ours);
  const reason = "its certificate is from an authority that is not trusted here; see --backend-ca";
  assertEquals([kind, message], ["handshake", `TLS: ${reason}`]);
});

dialerContract("a revoked certificate is refused, or the list is", async (site) => {
  const pem = await site.authority.revoke(["beef"]);
  const list = { source: "ca", issuer: "", thisUpdate: "", pem };
  const dial = async (serialNumber: string) => {
    const listener = await site.listen({ serialNumber });
    const ours = await site.dial(listener.address.port, { revocationLists: [list] });
    return { listener, ours };
  };
  if (!ENGINES[site.under.library].revokesBackends) {
    await assertRejects(() => dial("beef"), StartupError, "rustls cannot use the revocation lists");
    return;
  }
  const good = await dial("cafe");
  await site.handshakes(good.ours, site.accept(good.listener));
  const { listener, ours } = await dial("beef");
  const { message } = await site.handshakeFault(listener, ours);
  assertEquals(message, "TLS: its certificate has been revoked");
});

dialerContract("a backend that speaks no TLS is reported as such", async (site) => {
  const listener = await site.listenRaw();
  const ours = await site.dial(listener.address.port);
  const handshake = site.fault(ours.handshake());
  await send(await site.accept(listener), "220 mail.example ESMTP\r\n");
  assertEquals((await handshake).message, "TLS: it does not speak TLS");
});

dialerContract("a backend that leaves during the handshake is reported as such", async (site) => {
  const listener = await site.listenRaw();
  const ours = await site.dial(listener.address.port);
  const handshake = site.fault(ours.handshake());
  const backend = await site.accept(listener);
  await backend.read(new Uint8Array(4096));
  await backend.closeWrite();
  const { party, kind, message } = await handshake;
  assertEquals(
    [party, kind, message],
    ["backend", "handshake", "it closed the connection during the TLS handshake"],
  );
});

dialerContract("a reset of ours ends a handshake that waits", async (site) => {
  const listener = await site.listenRaw();
  const ours = await site.dial(listener.address.port);
  const handshake = site.fault(ours.handshake());
  const backend = await site.accept(listener);
  await backend.read(new Uint8Array(4096));
  await site.reset(ours);
  assertEquals((await handshake).party, "backend");
  const { end } = await receive(backend);
  assert(end !== "clean", end);
});

dialerContract("plaintext goes both ways, and ends one way at a time", async (site) => {
  const { ours, backend } = await site.pair();
  await send(ours, WE_SAY);
  await ours.closeWrite();
  const got = await receive(backend);
  assertEquals([got.text, got.end], [WE_SAY, "clean"]);
  await send(backend, IT_SAYS);
  await backend.closeWrite();
  const answer = await receive(ours);
  assertEquals([answer.text, answer.end], [IT_SAYS, "clean"]);
});

dialerContract("a backend may end first, without a word, and still be spoken to", async (site) => {
  const { ours, backend } = await site.pair();
  await backend.closeWrite();
  assertEquals(await ours.read(new Uint8Array(10)), null);
  await send(ours, WE_SAY);
  await ours.closeWrite();
  assertEquals((await receive(backend)).text, WE_SAY);
});

dialerContract("8 MiB each way at once arrive whole", async (site) => {
  const { ours, backend } = await site.pair();
  const total = 8 << 20;
  const writing = Promise.all([ours, backend].map(async (end) => {
    await writePattern(end, total);
    await end.closeWrite();
  }));
  assertEquals(await Promise.all([readPattern(ours), readPattern(backend)]), [total, total]);
  await writing;
});

dialerContract("a FIN without close_notify is an error of kind closed", async (site) => {
  const listener = await site.listen();
  const { network } = site.under.runtime;
  await using wire = await Wire.open(network, listener.address.port);
  const { ours, backend } = await site.pair(listener, wire.port);
  await send(backend, IT_SAYS);
  assertEquals(await receiveText(ours, IT_SAYS.length), IT_SAYS);
  await wire.endEngineWithFin();
  const { party, kind } = await site.fault(() => ours.read(new Uint8Array(10)));
  assertEquals([party, kind], ["backend", "closed"]);
});

dialerContract("a backend's reset is an error of kind reset", async (site) => {
  const { ours, backend } = await site.pair();
  await send(backend, IT_SAYS);
  assertEquals(await receiveText(ours, IT_SAYS.length), IT_SAYS);
  const reading = site.fault(() => ours.read(new Uint8Array(10)));
  await site.reset(backend);
  const { party, kind } = await reading;
  assertEquals([party, kind], ["backend", "reset"]);
});

dialerContract("close() may be called again, and writes after closeWrite() fail", async (site) => {
  const { ours } = await site.pair();
  await ours.closeWrite();
  await site.fault(writeAll(ours, new Uint8Array(1)));
  ours.close();
  ours.close();
});
