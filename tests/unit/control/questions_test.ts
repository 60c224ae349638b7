/** What a supervisor has asked, and what it takes for an answer. */

import type { RequestKind } from "../../../src/control/messages.ts";
import { Questions } from "../../../src/control/questions.ts";
import { ProtocolError } from "../../../src/control/shapes.ts";
import { CertificatesRefused, PortInUseError, StartupError } from "../../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
import { ManualClock } from "../../support/manual_clock.ts";

function bench() {
  const clock = new ManualClock();
  const overdue: string[] = [];
  const questions = new Questions({
    ...{ clock, name: "worker 1" },
    onOverdue: (breach) => overdue.push(breach),
  });
  const take = (id: unknown, fields: Record<string, unknown> = {}) =>
    questions.take({ type: "answer", id, fields });
  return { clock, overdue, questions, take };
}

Deno.test("an answer is taken once, by its id, with the shape of what was asked", async () => {
  const { questions, take, clock } = bench();
  const steer = questions.ask("steer");
  const prepare = questions.ask("prepare");
  take(prepare.id, { reopened: [{ host: "::1", port: 1, more: true }], library: "x" });
  take(steer.id);
  assertEquals(await prepare.answer, { reopened: [{ host: "::1", port: 1 }] });
  assertEquals(await steer.answer, {});
  for (const id of [prepare.id, 3, "1", null, undefined, {}]) {
    const error = assertThrows(() => take(id), ProtocolError);
    assertEquals(error.message, "an answer without a request");
  }
  assertEquals(clock.waiting, 0);
});

Deno.test("an answer of another shape breaks the protocol", () => {
  const bad: [kind: RequestKind, fields: Record<string, unknown>, words: string][] = [
    ["start", {}, "answer.library is not a text"],
    ["start", { fault: "a", portInUse: "yes" }, "answer.portInUse is neither"],
    ["prepare", {}, "answer.reopened is not a list"],
    ["prepare", { reopened: [null] }, "answer.reopened is not an object"],
    ["prepare", { reopened: [{ host: "a" }] }, "answer.reopened.port is not a whole number"],
    ["prepare", { reopened: [{ host: "a", port: 65_536 }] }, "up to 65535"],
    ["prepare", { fault: "a", refused: [] }, "answer.refused is empty"],
    ["prepare", { fault: "x".repeat(20_000) }, "answer.fault is longer than"],
  ];
  for (const [kind, fields, words] of bad) {
    const { questions, take } = bench();
    const { id } = questions.ask(kind);
    const error = assertThrows(() => take(id, fields), ProtocolError);
    assert(error.message.includes(words), `${error.message} for ${words}`);
    questions.end(new StartupError("gone"));
  }
});

Deno.test("a fault is an error that says whose it is", async () => {
  const { questions, take } = bench();
  const refused = [{ fingerprint: "f", source: "a.pem", reason: "no" }];
  const cases: [kind: RequestKind, fields: Record<string, unknown>, words: string][] = [
    ["commit", { fault: "no" }, "worker 1: no"],
    ["start", { fault: "no" }, "no"],
    ["start", { fault: "in use", portInUse: true }, "in use"],
    ["prepare", { fault: "no", refused }, "a.pem: no"],
  ];
  const errors: Error[] = [];
  for (const [kind, fields, words] of cases) {
    const { id, answer } = questions.ask(kind);
    take(id, fields);
    const error = await assertRejects(() => answer, StartupError);
    assert(error.message.endsWith(words), error.message);
    errors.push(error);
  }
  assert(errors[2] instanceof PortInUseError && errors[3] instanceof CertificatesRefused);
});

Deno.test("waiting for an answer has a limit, and a late answer does no harm", async () => {
  const { questions, take, clock, overdue } = bench();
  const late = questions.ask("commit");
  const never = questions.ask("steer");
  const patient = questions.ask("drain", { patient: true });
  await clock.advance(60_000);
  await assertRejects(() => late.answer, StartupError, "worker 1: no answer within 60 s");
  take(late.id);
  await clock.advance(240_000);
  assertEquals(overdue, ["no answer within 300 s"]);
  questions.end(new StartupError("gone"));
  await assertRejects(() => patient.answer, StartupError, "gone");
  await assertRejects(() => never.answer, StartupError);
  assertEquals(clock.waiting, 0);
});
