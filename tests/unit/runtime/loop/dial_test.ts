/** Connecting on the loop, and how it fails. */

import { Cancellation } from "../../../../src/runtime/cancellation.ts";
import { assertEquals } from "../../../support/assert.ts";
import { Backend } from "../../../support/backend.ts";
import { within } from "../../../support/eventually.ts";
import { receive, send } from "../../../support/tls_client.ts";
import { loopTest } from "./loop_bed.ts";

loopTest("dial() reports that there is no listener", async (bed) => {
  await bed.listen();
  const port = (await bed.network.probe({ host: "127.0.0.1", port: 0 }))!;
  const endpoint = { kind: "tcp", host: "127.0.0.1", port } as const;
  const { kind, message } = await bed.fault(() => bed.dial(endpoint));
  assertEquals([kind, message], ["refused", "connection refused"]);
});

loopTest("dial() connects to a unix socket, which has no addresses", async (bed) => {
  await bed.listen();
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    await using backend = Backend.listen(`${folder}/s`);
    const stream = await bed.dial({ kind: "unix", path: `${folder}/s` });
    const peer = await backend.accept();
    assertEquals(stream.pair, undefined);
    await send(stream, "hello");
    await stream.closeWrite();
    assertEquals((await receive(peer)).text, "hello");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (const [what, path] of [["missing", "/no/such/socket"], ["too long", `/${"x".repeat(200)}`]]) {
  loopTest(`dial() reports a unix socket whose path is ${what}`, async (bed) => {
    await bed.listen();
    const { kind, message } = await bed.fault(() => bed.dial({ kind: "unix", path: path! }));
    assertEquals([kind, message], ["refused", "no such socket"]);
  });
}

loopTest("dial() can be cancelled before it begins and while it waits", async (bed) => {
  await bed.listen();
  for (const early of [true, false]) {
    // 192.0.2.1 is nobody's; where the network answers for it, the dial fails by itself.
    const cancellation = new Cancellation();
    if (early) cancellation.cancel();
    const dialling = bed.fault(() =>
      bed.dial({ kind: "tcp", host: "192.0.2.1", port: 9 }, cancellation)
    );
    cancellation.cancel();
    await within(5_000, "the end of the attempt", dialling);
    assertEquals(cancellation.onCancel, undefined);
  }
});

loopTest("dial() is the runtime's until something listens on the loop", async (bed) => {
  await using backend = Backend.listen();
  const [host, port] = backend.address.split(",");
  const endpoint = { kind: "tcp", host: host!, port: Number(port) } as const;
  assertEquals((await bed.dial(endpoint)).takesAtOnce, undefined);
  await bed.listen();
  assertEquals((await bed.dial(endpoint)).takesAtOnce, true);
});
