/** Failed handshakes: which are a line of their own, and what is counted. */

import { PeerError } from "../../../src/errors.ts";
import { HandshakeFailures, MAX_FAILURES } from "../../../src/proxy/handshake_failures.ts";
import type { Client } from "../../../src/tls/engine.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { pairOf } from "../../support/fake_stream.ts";
import { FRESH, hello } from "../../support/hello_samples.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const TERMS = {
  engine: { protocols: ["TLSv1.2", "TLSv1.3"], ciphers: undefined, alpnProtocols: ["h2"] },
  groups: "X25519:P-256",
  keys: [{ keyType: "ec", curve: "1.2.840.10045.3.1.7" }],
} as const;
const SITE = { name: "*,443", terms: TERMS };

function newFailures() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const failures = new HandshakeFailures(clock, {
    first: (words, detail) => lines.push(`${words} (${detail})`),
    more: (words, count, seconds, detail) =>
      lines.push(`${words}: ${count} in ${seconds} s, ${detail}`),
  });
  const fail = (
    words: string,
    failedHello?: Uint8Array,
    site = SITE,
    reason = "timeout" as const,
  ) => {
    const client: Client = { pair: pairOf(1), serverName: "one.example", failedHello };
    failures.take(new PeerError("client", "handshake", words), reason, client, site, "who");
  };
  return { clock, lines, failures, fail };
}

Deno.test("a thousand failures alike are a line, and a line a minute", async () => {
  const { clock, lines, fail } = newFailures();
  for (let minute = 0; minute < 3; minute++) {
    for (let count = 0; count < 1_000; count++) fail("slow");
    await clock.advance(60_000);
  }
  assertEquals(lines, [
    "slow (who)",
    "slow: 999 in 60 s, who",
    "slow: 1000 in 60 s, who",
    "slow: 1000 in 60 s, who",
  ]);
});

Deno.test("after a quiet minute the same is new again, and nothing is kept of it", async () => {
  const { clock, lines, fail } = newFailures();
  fail("slow");
  await clock.advance(60_000);
  assertEquals(clock.waiting, 0);
  fail("slow");
  assertEquals(lines, ["slow (who)", "slow (who)"]);
});

Deno.test("each new frontend, reason and kind of client is a line at once", () => {
  const { lines, fail } = newFailures();
  fail("slow");
  fail("slow", undefined, { ...SITE, name: "*,8443" });
  fail("slow", FRESH);
  fail("slow", hello());
  fail("slow", FRESH);
  assertEquals(lines.length, 4);
});

Deno.test("a scanner with ever new hellos gets eleven lines, not a thousand", async () => {
  const { clock, lines, failures, fail } = newFailures();
  for (let kind = 0; kind < 1_000; kind++) fail(`new ${kind}`);
  assertEquals(lines.length, 11);
  await clock.advance(60_000);
  assertEquals(lines.slice(11), ["new 10: 989 in 60 s, who"]);
  assertEquals(failures.all[0]!.count, 1_000);
});

Deno.test("the line has what the client offers, and what would have worked", () => {
  const { clock, lines, failures } = newFailures();
  // TLS 1.1, and one cipher of RSA.
  const old = Uint8Array.from(hello());
  old[10] = 2;
  const client: Client = { pair: pairOf(1), serverName: undefined, failedHello: old };
  const fault = new PeerError("client", "handshake", "no version");
  failures.take(fault, "no-shared-version", client, SITE, "who");
  assertEquals(clock.waiting, 1);
  const [line = ""] = lines;
  assert(/^no version \(who; offers TLSv1\.1 TLSv1\.0, no groups, /.test(line), line);
  assert(
    line.endsWith(
      "; it offers TLSv1.1 at most; stud serves TLSv1.2 and TLSv1.3 (--tls-protos))",
    ),
    line,
  );
  for (
    const [reason, advice] of [
      ["no-shared-group", "stud serves the groups X25519 and P-256 (--ecdh-curve)"],
      ["no-shared-alpn", "stud serves h2 (--alpn-protos)"],
      ["unknown-server-name", "a certificate for that name, or no --sni-nomatch-abort"],
    ] as const
  ) {
    failures.take(fault, reason, { ...client, failedHello: FRESH }, SITE, "who");
    assert(lines.at(-1)!.endsWith(`; ${advice})`), lines.at(-1));
  }
});

Deno.test("counts are by frontend and reason, with the last client", async () => {
  const { clock, failures, fail } = newFailures();
  fail("slow");
  await clock.advance(1_000);
  fail("slower");
  const [only, ...others] = failures.all;
  assertEquals(others, []);
  assertEquals(only, {
    ...{ frontend: "*,443", reason: "timeout", count: 2, lastTime: clock.date().toISOString() },
    ...{ lastClient: "198.51.100.7:1", lastServerName: "one.example" },
  });
});

Deno.test("frontends that come and go do not fill the memory", () => {
  const { failures, fail } = newFailures();
  for (let count = 0; count < MAX_FAILURES + 10; count++) {
    fail("slow", undefined, { ...SITE, name: `*,${count}` });
  }
  assertEquals(failures.all.length, MAX_FAILURES);
});
