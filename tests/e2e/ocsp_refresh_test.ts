/**
 * OCSP responses that stud fetches by itself, from responders that the certificates name. One stud has a certificate with
 * a responder of its own for every way in which a responder may behave.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { Authority, type Issued } from "../support/authority.ts";
import { eventually } from "../support/eventually.ts";
import { signedOcspResponse, type WantedResponse } from "../support/made_ocsp_responses.ts";
import { hitchResponseName } from "../../src/ocsp/response.ts";
import { OcspResponder } from "../support/ocsp_responder.ts";
import { Shared } from "../support/shared.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };

const shared = new Shared(() => Bed.start());

shared.test(NEEDS, "a response is fetched, stapled and refreshed", async ({ site, renewed }) => {
  await renewed.stapled(site, /Cert Status: good/);
  const fetched = renewed.requests;
  await eventually("another fetch", () => renewed.requests > fetched);
  // A worker that starts later has the newest response from its first client on.
  Deno.kill(site.stud.workers()[0]!, "SIGKILL");
  await site.stud.output(/serves again/);
  for (let client = 0; client < 4; client++) {
    assert(/Cert Status: good/.test(await renewed.status(site)));
  }
});

shared.test(NEEDS, "a responder that hangs delays no handshake", async ({ site, hanging }) => {
  // stud waits longer than a client of the test does.
  await eventually("a request", () => hanging.requests > 0);
  assert(/no response sent/.test(await hanging.status(site)), "no handshake waits for it");
});

shared.test(NEEDS, "a staple is taken back when its time is over", async ({ site, brief }) => {
  await brief.stapled(site, /Cert Status: good/);
  brief.responder.answer = refuse;
  await site.stud.output(
    new RegExp(`warning: OCSP: the response for ${brief.path} has expired`),
  );
  await brief.stapled(site, /no response sent/);
});

shared.test(NEEDS, "a staple is taken back when the certificate is revoked", async (bed) => {
  const { site, withdrawn } = bed;
  await withdrawn.stapled(site, /Cert Status: good/);
  withdrawn.responder.answer = () =>
    withdrawn.response({ status: "revoked", nextUpdate: seconds(600) });
  await site.stud.output(
    new RegExp(`error: ${withdrawn.path}: the certificate is revoked according to `),
  );
  await withdrawn.stapled(site, /no response sent/);
});

shared.test(
  NEEDS,
  "a response is stored for the next start, and responders that are late or missing are logged",
  async ({ site, folder, authority, stored, hanging }) => {
    await stored.stapled(site, /Cert Status: good/);
    const fetched = stored.requests;
    await eventually("another fetch, after the first is stored", () => stored.requests > fetched);
    stored.responder.answer = refuse;
    const name = hitchResponseName(stored.path);
    assert(/^[0-9a-f]{32}$/.test(name), name);
    assertEquals(Deno.statSync(`${folder.path}/ocsp/${name}`).mode! & 0o777, 0o644);
    const missing = await Subject.make("missing", folder, authority);
    await missing.responder.close();
    await using next = await TlsSite.start([
      ...[`--ocsp-dir=${folder.path}/ocsp`, "--ocsp-verify-staple", "--ocsp-resp-tmo=1"],
      ...[stored.path, hanging.path, missing.path],
    ]);
    assert(/Cert Status: good/.test(await stored.status(next)));
    assert(/no response sent/.test(await missing.status(next)));
    for (
      const [{ path }, why] of [[missing, "connection refused"], [
        hanging,
        "no answer within 1 s",
      ]] as const
    ) {
      await next.stud.output(
        new RegExp(`warning: OCSP: no response for ${path} from \\S+: ${why}; `),
      );
    }
  },
);

/** A certificate, and the responder that it names. */
class Subject {
  private constructor(
    readonly name: string,
    readonly path: string,
    readonly responder: OcspResponder,
    readonly authority: Authority,
    readonly issued: Issued,
  ) {}

  /** Until the test says otherwise, the certificate is good for a while. */
  static async make(name: string, folder: Folder, authority: Authority): Promise<Subject> {
    const responder = new OcspResponder();
    const issued = await authority.issue({
      names: [`${name}.example`],
      responders: [responder.url],
    });
    const path = folder.write(`${name}.pem`, issued.pem + authority.certificate);
    const subject = new Subject(name, path, responder, authority, issued);
    responder.answer = () => subject.response({ nextUpdate: seconds(600) });
    return subject;
  }

  /** How many have come. */
  get requests(): number {
    return this.responder.requests.length;
  }

  response(wanted: Partial<WantedResponse>): Uint8Array {
    const { issued, authority } = this;
    const issuer = authority.certificate;
    const about = { about: issued.certificate, issuer, thisUpdate: seconds(-60) };
    return signedOcspResponse({ ...about, ...wanted }, { key: authority.key, certificate: issuer });
  }

  /** What a client that asks for a response is told. */
  async status(site: TlsSite): Promise<string> {
    const client = await site.handshake(`${this.name}.example`, ["-status"]);
    assert(client.served, client.report);
    return client.stdout;
  }

  /** Waits until clients are told so, which is not before stud has asked. */
  async stapled(site: TlsSite, pattern: RegExp): Promise<void> {
    await eventually("a request", () => this.requests > 0);
    await eventually(String(pattern), async () => pattern.test(await this.status(site)));
  }
}

/** A stud with a certificate for each test. It fetches every second, and waits long for an answer. */
class Bed extends SharedTlsSite {
  private constructor(
    site: TlsSite,
    folder: Folder,
    readonly authority: Authority,
    readonly renewed: Subject,
    readonly hanging: Subject,
    readonly brief: Subject,
    readonly withdrawn: Subject,
    readonly stored: Subject,
  ) {
    super(site, folder);
  }

  static async start(): Promise<Bed> {
    const [folder, authority] = [new Folder(), await Authority.make()];
    const make = (name: string) => Subject.make(name, folder, authority);
    const [renewed, hanging, brief] = [
      await make("renewed"),
      await make("hanging"),
      await make("brief"),
    ];
    const [withdrawn, stored] = [await make("withdrawn"), await make("stored")];
    hanging.responder.answer = () => never.promise;
    brief.responder.answer = () => brief.response({ nextUpdate: seconds(4) });
    const subjects = [renewed, hanging, brief, withdrawn, stored] as const;
    Deno.mkdirSync(`${folder.path}/ocsp`);
    const site = await TlsSite.start([
      ...["-n", "2", `--ocsp-dir=${folder.path}/ocsp`, "--ocsp-refresh-interval=1"],
      ...["--ocsp-resp-tmo=60", ...subjects.map(({ path }) => path)],
    ]);
    return new Bed(site, folder, authority, ...subjects);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    never.resolve(new Response());
    for (
      const { responder } of [this.renewed, this.hanging, this.brief, this.withdrawn, this.stored]
    ) {
      await responder.close();
    }
  }
}

/** What a responder answers that hangs. */
const never = Promise.withResolvers<Response>();

function refuse(): Response {
  return new Response("", { status: 503 });
}

function seconds(fromNow: number): Date {
  return new Date(Date.now() + fromNow * 1000);
}
