/** What is asked of the kernel for a listening socket. */

import { StartupError } from "../../../src/errors.ts";
import { tuneListener } from "../../../src/tls/tune_listener.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

const ADDRESS = { host: "127.0.0.1", port: 8443 };
const USUAL = { backlog: 7, keepalive: 60 };
const NOTHING = { tcpFastOpen: false, receiveBuffer: 0, sendBuffer: 0 };

Deno.test("tuneListener() passes on what is wanted", () => {
  const runtime = new FakeRuntime();
  const wanted = { tcpFastOpen: true, receiveBuffer: 4096, sendBuffer: 8192 };
  tuneListener(runtime, ADDRESS, { ...USUAL, ...wanted });
  tuneListener(runtime, ADDRESS, { ...USUAL, ...NOTHING });
  assertEquals(runtime.kernel!.tuned, [
    { address: ADDRESS, options: { ...USUAL, ...wanted } },
    { address: ADDRESS, options: USUAL },
  ]);
});

Deno.test("tuneListener() without a kernel refuses what the operator asked for, and that alone", () => {
  const runtime = new FakeRuntime();
  runtime.kernel = undefined;
  tuneListener(runtime, ADDRESS, { ...USUAL, ...NOTHING });
  const wishes: [object, string][] = [
    [{ tcpFastOpen: true }, "--tcp-fastopen: only on Linux"],
    [{ receiveBuffer: 4096 }, "--recv-bufsize: only on Linux"],
    [{ sendBuffer: 4096 }, "--send-bufsize: only on Linux"],
  ];
  for (const [wish, message] of wishes) {
    const tune = () => tuneListener(runtime, ADDRESS, { ...USUAL, ...NOTHING, ...wish });
    assertThrows(tune, StartupError, message);
  }
});
