/** When OCSP responses are fetched, what becomes of them, and what the operator reads of it. */

import { configureLog } from "../../../src/log/log.ts";
import type { HttpAnswer } from "../../../src/runtime/runtime.ts";
import { OcspRefresher } from "../../../src/ocsp/refresher.ts";
import type { StapledCertificate, StaplingPlan } from "../../../src/ocsp/stapling_plan.ts";
import { hitchResponseName } from "../../../src/ocsp/response.ts";
import type { Staple } from "../../../src/tls/tls_configuration.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { Authority, type Issued } from "../../support/authority.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import {
  refusedOcspResponse,
  signedOcspResponse,
  type WantedResponse,
} from "../../support/made_ocsp_responses.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

Deno.test("a response is fetched, handed out, stored, and fetched anew at the interval", async () => {
  const bed = await Bed.make();
  bed.serve({ nextUpdate: 7 * 24 * HOUR });
  bed.watch([bed.certificate()]);
  await bed.clock.advance(SECOND);
  assertEquals(bed.staples.map(({ fingerprint }) => fingerprint), ["a"]);
  const [request] = bed.requests;
  assertEquals([request!.method, request!.url.host], ["GET", "ocsp.example"]);
  assertEquals([request!.connectTimeout, request!.timeout], [4 * SECOND, 10 * SECOND]);
  const stored = `/stored/${hitchResponseName("a.pem")}`;
  assertEquals(bed.stapled("a"), toBase64(bed.runtime.files.bytes.get(stored)!));
  assertEquals(bed.runtime.files.modes.get(stored), 0o644);
  await bed.clock.advance(30 * MINUTE - 3 * MINUTE - 2 * SECOND);
  assertEquals(bed.requests.length, 1);
  await bed.clock.advance(3 * MINUTE);
  assertEquals(bed.requests.length, 2);
  assertEquals(bed.lines("info"), []);
  bed.stop();
});

Deno.test("a response that holds for a short time is fetched when half of it is over", async () => {
  const bed = await Bed.make();
  bed.serve({ nextUpdate: 10 * MINUTE });
  bed.watch([bed.certificate()]);
  await bed.clock.advance(4 * MINUTE);
  assertEquals(bed.requests.length, 1);
  await bed.clock.advance(2 * MINUTE);
  assertEquals(bed.requests.length, 2);
  bed.stop();
});

Deno.test("a stored response is used until its half, and taken back when its time is over", async () => {
  const bed = await Bed.make();
  const response = bed.response({ nextUpdate: 20 * MINUTE });
  bed.watch([bed.certificate({ ...response })]);
  await bed.clock.advance(8 * MINUTE);
  assertEquals([bed.requests.length, bed.staples.length], [0, 0]);
  await bed.clock.advance(11 * MINUTE);
  assert(bed.requests.length > 0);
  assertEquals(bed.staples.length, 0);
  await bed.clock.advance(MINUTE);
  assertEquals(bed.staples, [{ fingerprint: "a", response: null }]);
  assertEquals(bed.stapled("a"), undefined);
  assertEquals(
    bed.lines("warning").at(-1),
    "OCSP: the response for a.pem has expired; nothing " +
      "is stapled until there is a new one",
  );
  bed.stop();
});

Deno.test("a date that is set makes a response outdated too", async () => {
  const bed = await Bed.make();
  const response = bed.response({ nextUpdate: 24 * HOUR });
  bed.watch([bed.certificate({ ...response, isNamed: true })]);
  await bed.clock.advance(MINUTE);
  bed.clock.setDate(new Date(bed.clock.date().getTime() + 48 * HOUR));
  await bed.clock.advance(61 * SECOND);
  assertEquals(bed.staples, [{ fingerprint: "a", response: null }]);
  assertEquals(bed.requests, []);
  bed.stop();
});

Deno.test("failures are logged once, and tried again with growing pauses", async () => {
  const bed = await Bed.make();
  bed.watch([bed.certificate()]);
  await bed.clock.advance(SECOND);
  assertEquals(bed.lines("warning"), [
    "OCSP: no response for a.pem from http://ocsp.example/: connection refused; nothing is stapled; " +
    "next attempt in 10 s",
  ]);
  const counts: number[] = [];
  for (const wait of [8 * SECOND, 2 * SECOND, 17 * SECOND, 4 * SECOND, HOUR]) {
    await bed.clock.advance(wait);
    counts.push(bed.requests.length);
  }
  assertEquals(counts.slice(0, 4), [1, 2, 2, 3]);
  assert(counts[4]! < 12, String(counts));
  assertEquals(bed.lines("warning").length, 1);
  bed.serve({ nextUpdate: 5 * HOUR });
  await bed.clock.advance(HOUR);
  assert(bed.stapled("a") !== undefined);
  assert(/^OCSP: new response for a\.pem from /.test(bed.lines("info").join()));
  bed.stop();
});

Deno.test("an unusable answer is logged after both request methods failed", async () => {
  const bed = await Bed.make();
  bed.answer = () => Promise.resolve({ status: 200, body: refusedOcspResponse(3) });
  bed.watch([bed.certificate()]);
  await bed.clock.advance(SECOND);
  assertEquals(bed.requests.map(({ method }) => method), ["GET", "POST"]);
  assert(/refused to answer \(tryLater, status 3\); nothing/.test(bed.lines("warning")[0]!));
  bed.stop();
});

Deno.test("a responder that takes no GET is asked by POST", async () => {
  const bed = await Bed.make();
  bed.serve({ nextUpdate: HOUR });
  const { answer } = bed;
  bed.answer = (method) =>
    method === "GET" ? Promise.resolve({ status: 405, body: new Uint8Array() }) : answer(method);
  bed.watch([bed.certificate()]);
  await bed.clock.advance(SECOND);
  assert(bed.stapled("a") !== undefined);
  assertEquals(bed.lines("warning"), []);
  bed.stop();
});

Deno.test("a certificate that is revoked loses its staple, and the next start knows", async () => {
  const bed = await Bed.make();
  const response = bed.response({ nextUpdate: HOUR });
  bed.serve({ status: "revoked", nextUpdate: HOUR });
  bed.watch([bed.certificate({ ...response })]);
  await bed.clock.advance(2 * HOUR);
  assertEquals(bed.staples, [{ fingerprint: "a", response: null }]);
  assertEquals(bed.lines("error").length, 1);
  assert(/^a\.pem: the certificate is revoked according to http/.test(bed.lines("error")[0]!));
  assert(bed.runtime.files.bytes.has(`/stored/${hitchResponseName("a.pem")}`));
  bed.stop();
});

Deno.test("a directory that cannot be written to costs one warning", async () => {
  const bed = await Bed.make();
  bed.runtime.files.directories.clear();
  bed.serve({ nextUpdate: HOUR });
  bed.watch([bed.certificate()]);
  await bed.clock.advance(3 * HOUR);
  assertEquals(bed.lines("warning").length, 1);
  assert(/^--ocsp-dir \/stored: cannot store OCSP responses/.test(bed.lines("warning")[0]!));
  assert(bed.stapled("a") !== undefined);
  bed.stop();
});

Deno.test("nothing is fetched where a file is named, no issuer is known or it is turned off", async () => {
  const bed = await Bed.make();
  bed.watch([bed.certificate({ isNamed: true })]);
  await bed.clock.advance(HOUR);
  bed.watch([bed.certificate()], { directory: "" });
  await bed.clock.advance(HOUR);
  assertEquals(bed.lines("info"), []);
  bed.watch([bed.certificate({ certificateChain: bed.issued.certificate })]);
  await bed.clock.advance(HOUR);
  bed.watch(undefined);
  await bed.clock.advance(HOUR);
  assertEquals(bed.requests, []);
  assertEquals(bed.lines("info").length, 1);
  assertEquals(bed.clock.waiting, 0);
  bed.stop();
});

Deno.test("one responder is asked twice at a time, and eight requests run at most", async () => {
  const bed = await Bed.make();
  bed.answer = () => new Promise(() => {});
  const slow = Array.from(
    { length: 5 },
    (_, place) => bed.certificate({ fingerprint: `${place}` }),
  );
  bed.watch(slow);
  await bed.clock.advance(SECOND);
  assertEquals(bed.requests.length, 2);
  const others = await Promise.all(Array.from({ length: 9 }, async (_, place) => {
    const issued = await bed.issue([`http://other${place}.example/`]);
    return bed.certificate({ ...issued, fingerprint: `o${place}` });
  }));
  bed.watch([...slow, ...others]);
  await bed.clock.advance(SECOND);
  assertEquals(bed.requests.length, 8);
  bed.stop();
  assert(bed.requests.every(({ cancellation }) => cancellation.cancelled));
});

Deno.test("after a reload what is known stays known, and what is gone is forgotten", async () => {
  const bed = await Bed.make();
  bed.serve({ nextUpdate: 24 * HOUR });
  bed.watch([bed.certificate()]);
  await bed.clock.advance(SECOND);
  const response = bed.stapled("a");
  bed.watch([bed.certificate({ source: "b.pem" })]);
  await bed.clock.advance(SECOND);
  assertEquals([bed.requests.length, bed.stapled("a")], [1, response]);
  bed.watch([]);
  assertEquals(bed.stapled("a"), undefined);
  bed.stop();
});

/** A refresher before a responder that the test plays. */
class Bed {
  readonly runtime = new FakeRuntime();
  readonly clock = this.runtime.clock;
  readonly staples: Staple[] = [];
  readonly refresher: OcspRefresher;
  answer: (method: string) => Promise<HttpAnswer> = () =>
    Promise.reject(new Error("connection refused"));
  readonly #lines: string[] = [];
  #known: OcspRefresher["staples"] = new Map();
  #watched: readonly StapledCertificate[] = [];

  private constructor(readonly authority: Authority, readonly issued: Issued) {
    this.clock.setDate(new Date());
    this.runtime.files.directories.add("/stored");
    this.runtime.network.respond = ({ method }) => this.answer(method);
    const log = configureLog((level, text) => this.#lines.push(`${level} ${text}`), "debug");
    this.refresher = new OcspRefresher(this.runtime, log, () => 0.5);
    this.refresher.onChange(() => {
      for (const [fingerprint, response] of this.refresher.staples) {
        if (this.#known.get(fingerprint) !== response) this.staples.push({ fingerprint, response });
      }
      this.#known = this.refresher.staples;
    });
  }

  static async make(): Promise<Bed> {
    const authority = await Authority.make();
    const responders = ["http://ocsp.example/"];
    return new Bed(authority, await authority.issue({ names: ["a.example"], responders }));
  }

  get requests() {
    return this.runtime.network.requests;
  }

  lines(level: string): string[] {
    return this.#lines.filter((line) => line.startsWith(`${level} `))
      .map((line) => line.slice(level.length + 1));
  }

  async issue(responders: readonly string[]): Promise<{ certificateChain: string }> {
    const { certificate } = await this.authority.issue({ names: ["b.example"], responders });
    return { certificateChain: certificate + this.authority.certificate };
  }

  certificate(particular: Partial<StapledCertificate> = {}): StapledCertificate {
    return {
      source: "a.pem",
      fingerprint: "a",
      certificateChain: this.issued.certificate + this.authority.certificate,
      ocspResponse: undefined,
      nextUpdate: undefined,
      isNamed: false,
      ...particular,
    };
  }

  watch(
    certificates: readonly StapledCertificate[] | undefined,
    particular: Partial<StaplingPlan> = {},
  ): void {
    this.#watched = certificates ?? [];
    this.refresher.watch(
      certificates && {
        certificates,
        directory: "/stored",
        connectTimeout: 4 * SECOND,
        responseTimeout: 10 * SECOND,
        refreshInterval: 30 * MINUTE,
        ...particular,
      },
    );
  }

  /** The responder answers from now on; times are in milliseconds from then. */
  serve(wanted: { nextUpdate: number; status?: "revoked" }): void {
    this.answer = () => Promise.resolve({ status: 200, body: this.#signed(wanted).bytes });
  }

  response(wanted: { nextUpdate: number }) {
    const { bytes, nextUpdate } = this.#signed(wanted);
    return { ocspResponse: toBase64(bytes), nextUpdate };
  }

  /** What a worker that starts now would staple. */
  stapled(fingerprint: string): string | undefined {
    const own = this.#watched.find((each) => each.fingerprint === fingerprint)?.ocspResponse;
    const newest = this.refresher.staples.get(fingerprint);
    return newest === undefined ? own : newest ?? undefined;
  }

  stop(): void {
    this.refresher.stop();
    assertEquals(this.clock.waiting, 0);
  }

  #signed({ nextUpdate: later, ...wanted }: { nextUpdate: number; status?: "revoked" }) {
    const thisUpdate = this.clock.date();
    const nextUpdate = new Date(thisUpdate.getTime() + later);
    const issuer = this.authority.certificate;
    const whole: WantedResponse = {
      ...{ about: this.issued.certificate, issuer, thisUpdate, nextUpdate },
      ...wanted,
    };
    const signer = { key: this.authority.key, certificate: issuer };
    return { bytes: signedOcspResponse(whole, signer), nextUpdate };
  }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
