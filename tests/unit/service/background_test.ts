/** The two processes of a daemon's start, and what they tell each other. */

import { BackgroundStart, goToBackground } from "../../../src/service/background.ts";
import { StopSignals } from "../../../src/service/stop_signals.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

/** What the command makes of an answer: nothing, or the reason it ends with. */
async function outcome(answer: string | undefined): Promise<{ runtime: FakeRuntime }> {
  const runtime = new FakeRuntime();
  runtime.service.daemon = {
    answer: Promise.resolve(answer),
    ended: Promise.resolve({ code: 3, signal: null }),
    stop: () => {},
  };
  await goToBackground(runtime, "tls = on\n", new StopSignals(runtime));
  return { runtime };
}

/** What the daemon answers. */
async function answers(act: (start: BackgroundStart) => Promise<void>): Promise<string[]> {
  const sent: string[] = [];
  const runtime = new FakeRuntime();
  runtime.service.starter = {
    handover: '{"input":"tls = on\\n"}',
    answer: (text) => Promise.resolve(void sent.push(text)),
  };
  const start = await BackgroundStart.join(runtime);
  assertEquals(start?.input, "tls = on\n");
  await act(start!);
  return sent;
}

Deno.test("what the daemon answers is what the command ends with", async () => {
  const [served] = await answers((start) => start.served());
  const { runtime } = await outcome(served);
  assertEquals(runtime.service.handover, '{"input":"tls = on\\n"}');
  const [failed] = await answers((start) => start.failed("the port is in use"));
  await assertRejects(() => outcome(failed), Error, "the port is in use");
});

Deno.test("only the first answer counts", async () => {
  const sent = await answers(async (start) => {
    await start.served();
    await start.failed("a worker died");
  });
  assertEquals(sent, ["{}"]);
});

Deno.test("a daemon that ends silently is an error that says how it ended", async () => {
  await assertRejects(() => outcome(undefined), Error, "exited before it served (exit code 3)");
});

Deno.test("a process that was not started in the background reports to no parent", async () => {
  assertEquals(await BackgroundStart.join(new FakeRuntime()), undefined);
});
