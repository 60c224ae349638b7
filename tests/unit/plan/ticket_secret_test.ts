/** The ticket secret: from a file of whatever content, or made. */

import fc from "fast-check";
import { StartupError } from "../../../src/errors.ts";
import { readTicketSecret } from "../../../src/plan/ticket_secret.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

const TEXT = "a secret of more than thirty-two octets";

/** A machine whose one file, tickets.key, has this content. */
function machine(content: Uint8Array | string, mode?: number) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const only = <T>(path: string, value: T): Promise<T> =>
    path === PATH
      ? Promise.resolve(value)
      : Promise.reject(new StartupError(`${path}: no such file`));
  return {
    files: {
      readBytes: (path: string) => only(path, Uint8Array.from(bytes)),
      mode: (path: string) => only(path, mode),
    },
  };
}

function decoded(base64: string): number[] {
  return Array.from(atob(base64), (character) => character.charCodeAt(0));
}

Deno.test("readTicketSecret() makes 32 bytes without a path, different each time", async () => {
  const one = await readTicketSecret(undefined, machine(""));
  const other = await readTicketSecret(undefined, machine(""));
  assertEquals([decoded(one.secret).length, one.warnings], [32, []]);
  assert(one.secret !== other.secret);
});

Deno.test("readTicketSecret() takes a file's bytes, whatever they are", async () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 100 });
  await fc.assert(
    fc.asyncProperty(bytes, async (content) => {
      content[content.length - 1] = 0;
      const { secret, warnings } = await readTicketSecret(PATH, machine(content));
      assertEquals([decoded(secret), warnings], [[...content], []]);
    }),
  );
  const long = new Uint8Array(300_000).fill(255).fill(1, 0, 9);
  assertEquals(decoded((await readTicketSecret(PATH, machine(long))).secret).length, 300_000);
});

Deno.test("readTicketSecret() leaves one newline at the end out, and no more", async () => {
  const secret = async (content: string) =>
    String.fromCharCode(...decoded((await readTicketSecret(PATH, machine(content))).secret));
  assertEquals(await secret(TEXT), TEXT);
  assertEquals(await secret(`${TEXT}\n`), TEXT);
  assertEquals(await secret(`${TEXT}\r\n`), TEXT);
  assertEquals(await secret(`${TEXT}\n\n`), `${TEXT}\n`);
  assertEquals(await secret(`${TEXT}\r`), `${TEXT}\r`);
  assertEquals(await secret(`${TEXT}\n\r\n`), `${TEXT}\n`);
  assertEquals(await secret(`\n${TEXT} `), `\n${TEXT} `);
});

Deno.test("readTicketSecret() refuses a short file: name, number of bytes, what to do", async () => {
  const fault = async (content: string) =>
    (await assertRejects(() => readTicketSecret(PATH, machine(content)), StartupError)).message;
  assertEquals(
    await fault("x".repeat(31)),
    "tickets.key: a ticket secret needs at least 32 bytes, and this one has 31; make one " +
      "with: openssl rand 48 > tickets.key",
  );
  const newline = /has 31, the newline at its end not counted; make/;
  assert(newline.test(await fault(`${"x".repeat(31)}\n`)));
  assert(newline.test(await fault(`${"x".repeat(31)}\r\n`)));
  for (const empty of ["", "\n", "\r\n"]) assert(/ has 0[,;]/.test(await fault(empty)));
  assertEquals(
    decoded((await readTicketSecret(PATH, machine(`${"x".repeat(31)}y`))).secret).length,
    32,
  );
});

Deno.test("readTicketSecret() passes on what the file system says", async () => {
  const error = await assertRejects(() => readTicketSecret("other", machine(TEXT)), StartupError);
  assertEquals(error.message, "other: no such file");
});

Deno.test("readTicketSecret() warns of a file that others may use, and of no other", async () => {
  const warnings = async (mode: number | undefined) => {
    return (await readTicketSecret(PATH, machine(TEXT, mode))).warnings;
  };
  for (const mode of [0o600, 0o400, 0o700, undefined]) assertEquals(await warnings(mode), []);
  for (const mode of [0o640, 0o604, 0o620, 0o602]) assertEquals((await warnings(mode)).length, 1);
  assertEquals(await warnings(0o644), [
    "tickets.key: users other than its owner have access to this file (mode 0644), and anyone who knows the secret in it " +
    "can decrypt sessions; run: chmod 600 tickets.key",
  ]);
});

const PATH = "tickets.key";

Deno.test("readTicketSecret() keeps the secret that was made before, and none that a file replaces", async () => {
  const runtime = new FakeRuntime();
  const { secret } = await readTicketSecret(undefined, runtime);
  assertEquals((await readTicketSecret(undefined, runtime, secret)).secret, secret);
  runtime.files.texts.set("tickets.key", "a secret of more than thirty-two octets");
  const fromFile = await readTicketSecret("tickets.key", runtime, secret);
  assertEquals(atob(fromFile.secret), "a secret of more than thirty-two octets");
});

Deno.test("readTicketSecret() refuses one byte again and again", async () => {
  for (
    const bytes of [
      new Uint8Array(48),
      new Uint8Array(32).fill(255),
      "x".repeat(40),
      `${"x".repeat(40)}\n`,
    ]
  ) {
    const error = await assertRejects(() => readTicketSecret(PATH, machine(bytes)), StartupError);
    assert(error.message.includes("repeats one byte"), error.message);
  }
});
