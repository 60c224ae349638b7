/** OCSP responses that stud fetches by itself, from a responder that the certificate names. */

import { assert, assertEquals } from "../support/assert.ts";
import { Authority, type Issued } from "../support/authority.ts";
import { eventually } from "../support/eventually.ts";
import { signedOcspResponse, type WantedResponse } from "../support/made_ocsp_responses.ts";
import { OcspResponder } from "../support/ocsp_responder.ts";
import { Folder, TlsSite } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["openssl"], linux: true };

testWith(
  NEEDS,
  "a response is fetched, stapled, refreshed and stored for the next start",
  async () => {
    await using bed = await Bed.make();
    bed.responder.answer = () => bed.response({ nextUpdate: seconds(600) });
    {
      await using site = await bed.start(["--ocsp-refresh-interval=1", "-n", "2"]);
      await bed.stapled(site, /Cert Status: good/);
      const fetched = bed.responder.requests.length;
      await eventually("another fetch", () => bed.responder.requests.length > fetched);
      // A worker that starts later has the newest response from its first client on.
      Deno.kill(site.stud.workers()[0]!, "SIGKILL");
      await site.stud.output(/serves again/);
      for (let client = 0; client < 4; client++) {
        assert(/Cert Status: good/.test(await bed.status(site)));
      }
    }
    const [name] = [...Deno.readDirSync(`${bed.folder.path}/ocsp`)].map(({ name }) => name);
    assert(/^[0-9a-f]{32}$/.test(name!), name);
    assertEquals(Deno.statSync(`${bed.folder.path}/ocsp/${name}`).mode! & 0o777, 0o644);
    await bed.responder.close();
    await using site = await bed.start(["--ocsp-verify-staple"]);
    assert(/Cert Status: good/.test(await bed.status(site)));
  },
);

testWith(
  NEEDS,
  "a responder that hangs delays no handshake, and a missing one is logged",
  async () => {
    await using bed = await Bed.make();
    const hanging = Promise.withResolvers<Response>();
    bed.responder.answer = () => hanging.promise;
    {
      // Longer than a client of the test waits.
      await using patient = await bed.start(["--ocsp-resp-tmo=60"]);
      await eventually("a request", () => bed.responder.requests.length > 0);
      assert(/no response sent/.test(await bed.status(patient)), "no handshake waits for it");
    }
    await using site = await bed.start(["--ocsp-resp-tmo=1"]);
    await site.stud.output(/warning: OCSP: no response for \S+ from \S+: no answer within 1 s; /);
    hanging.resolve(new Response());
    await bed.responder.close();
    await using other = await bed.start([]);
    await other.stud.output(/warning: OCSP: no response for \S+ from \S+: connection refused; /);
    assert(/no response sent/.test(await bed.status(other)));
  },
);

testWith(
  NEEDS,
  "a staple is taken back when its time is over, or the certificate is revoked",
  async () => {
    await using bed = await Bed.make();
    bed.responder.answer = () => bed.response({ nextUpdate: seconds(4) });
    await using site = await bed.start([]);
    await bed.stapled(site, /Cert Status: good/);
    bed.responder.answer = () => new Response("", { status: 503 });
    await site.stud.output(/warning: OCSP: the response for \S+ has expired/);
    await bed.stapled(site, /no response sent/);
    bed.responder.answer = () => bed.response({ status: "revoked", nextUpdate: seconds(600) });
    await using other = await bed.start([]);
    await other.stud.output(/error: \S+: the certificate is revoked according to /);
    // What is stored is valid for another second, and stapled until the workers have heard of it.
    await bed.stapled(other, /no response sent/);
  },
);

/** A certificate that names a responder, and what goes with it. */
class Bed implements AsyncDisposable {
  private constructor(
    readonly folder: Folder,
    readonly responder: OcspResponder,
    readonly authority: Authority,
    readonly issued: Issued,
  ) {}

  static async make(): Promise<Bed> {
    const folder = new Folder();
    const responder = new OcspResponder();
    const authority = await Authority.make();
    const issued = await authority.issue({ names: ["a.example"], responders: [responder.url] });
    folder.write("a.pem", issued.pem + authority.certificate);
    Deno.mkdirSync(`${folder.path}/ocsp`);
    return new Bed(folder, responder, authority, issued);
  }

  start(args: readonly string[]): Promise<TlsSite> {
    return TlsSite.start([
      ...[`--ocsp-dir=${this.folder.path}/ocsp`, ...args, `${this.folder.path}/a.pem`],
    ]);
  }

  response(wanted: Partial<WantedResponse>): Uint8Array {
    const { issued, authority } = this;
    const issuer = authority.certificate;
    const about = { about: issued.certificate, issuer, thisUpdate: seconds(-60) };
    return signedOcspResponse({ ...about, ...wanted }, { key: authority.key, certificate: issuer });
  }

  /** What a client that asks for a response is told. */
  async status(site: TlsSite): Promise<string> {
    const client = await site.handshake("a.example", ["-status"]);
    assert(client.served, client.report);
    return client.stdout;
  }

  stapled(site: TlsSite, pattern: RegExp): Promise<void> {
    return eventually(String(pattern), async () => pattern.test(await this.status(site)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.responder.close();
    this.folder[Symbol.dispose]();
  }
}

function seconds(fromNow: number): Date {
  return new Date(Date.now() + fromNow * 1000);
}
