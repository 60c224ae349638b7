/** Revoked certificates of clients: who is refused, what the log says, and how lists are renewed. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority, type Issued } from "../support/authority.ts";
import { eventually } from "../support/eventually.ts";
import { testWith } from "../support/tools.ts";
import { Folder, TlsSite } from "../support/tls_site.ts";
import { startError } from "../support/start_error.ts";
import { BY_OPENSSL, byLibrary, runStud } from "../support/stud.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const VERSIONS = ["-tls1_2", "-tls1_3"];
const REVOKED = "1a2b";

for (const version of VERSIONS) {
  testWith(NEEDS, `${version}: a revoked client is refused, and others are not`, async () => {
    await using place = await Place.open();
    const list = place.list("clients.crl", await place.clients.revoke([REVOKED]));
    await using site = await place.start(["--client-verify-crl", list]);
    const good = await site.handshake("localhost", [version, ...place.good]);
    assert(good.served, good.report);
    const revoked = await site.handshake("localhost", [version, ...place.revoked]);
    assert(!revoked.served, revoked.report);
    const isTold = byLibrary({ rustls: true, openssl: true, node: false });
    assertEquals(revoked.stderr.includes("alert number 44"), isTold, revoked.report);
    await site.stud.output(
      /handshake failed: the client's certificate has been revoked \(client 127\.0\.0\.1:/,
    );
    assertEquals(site.accepted, 1);
  });
}

testWith(NEEDS, "lists in the file of authorities count", async () => {
  await using place = await Place.open();
  const both = place.list("both.pem", place.authority + await place.clients.revoke([REVOKED]));
  await using site = await place.start([], both);
  const good = await site.handshake("localhost", place.good);
  assert(good.served, good.report);
  const revoked = await site.handshake("localhost", place.revoked);
  assert(!revoked.served, revoked.report);
});

testWith(NEEDS, "an expired list admits no client, and stud warns at the start", async () => {
  await using place = await Place.open();
  const list = place.list("old.crl", await place.clients.revoke([], { days: -2 }));
  await using site = await place.start(["--client-verify-crl", list]);
  await site.stud.output(/old\.crl: the revocation list of CN=Clients expired on .*are refused/);
  const good = await site.handshake("localhost", place.good);
  assert(!good.served, good.report);
  await site.stud.output(/the revocation list of its authority or of one above has expired/);
  const args = place.args(["--client-verify-crl", list]);
  const tested = await runStud(["-t", BY_OPENSSL, ...args]);
  assertEquals(tested.code, 0);
  assertStringIncludes(tested.stderr + tested.stdout, "old.crl: the revocation list of CN=Clients");
});

testWith(NEEDS, "an authority without a list admits no client, and stud warns", async () => {
  await using place = await Place.open();
  const other = await Authority.make("Others");
  const both = place.list("two.pem", place.authority + other.certificate);
  const list = place.list("others.crl", await other.revoke([]));
  await using site = await place.start(["--client-verify-crl", list], both);
  await site.stud.output(/others\.crl: no revocation list of CN=Clients; certificates of such/);
  const good = await site.handshake("localhost", place.good);
  assert(!good.served, good.report);
  await site.stud.output(/no revocation list of its authority or of one above/);
});

testWith(NEEDS, "a whole chain is looked up", async () => {
  await using place = await Place.open();
  const middle = await place.clients.authority("Middle");
  const deep = place.shown("deep", await middle.issue({ commonName: "deep" }));
  const both = place.list("chain.pem", place.authority + middle.certificate);
  const lists = [await place.clients.revoke([REVOKED]), await middle.revoke([])];
  const list = place.list("chain.crl", lists.join(""));
  await using site = await place.start(["--client-verify-crl", list], both);
  const good = await site.handshake("localhost", deep);
  assert(good.served, good.report);
});

testWith(
  NEEDS,
  "SIGHUP loads a newer list, and earlier sessions are not resumed",
  async () => {
    await using place = await Place.open();
    const list = place.list("clients.crl", await place.clients.revoke([]));
    await using site = await place.start(["--client-verify-crl", list]);
    const session = `${place.folder.path}/session`;
    const before = ["-tls1_3", ...place.revoked];
    const first = await site.handshake("localhost", [...before, "-sess_out", session]);
    assert(first.served, first.report);
    place.list("clients.crl", await place.clients.revoke([REVOKED]));
    site.stud.signal("SIGHUP");
    await site.stud.output(/reloaded/);
    for (const args of [before, [...before, "-sess_in", session]]) {
      const again = await site.handshake("localhost", args);
      assert(!again.served, again.report);
    }
    place.list("clients.crl", "damaged");
    site.stud.signal("SIGHUP");
    await site.stud.output(/keeping its previous content: .*clients\.crl: not a PEM file/);
    const still = await site.handshake("localhost", before);
    assert(!still.served, still.report);
  },
);

testWith(NEEDS, "--watch brings a newer list by itself", async () => {
  await using place = await Place.open();
  const list = place.list("clients.crl", await place.clients.revoke([]));
  await using site = await place.start(["--client-verify-crl", list, "--watch"]);
  const first = await site.handshake("localhost", place.revoked);
  assert(first.served, first.report);
  place.list("clients.crl", await place.clients.revoke([REVOKED]));
  await eventually("the newer list", async () => {
    return !(await site.handshake("localhost", place.revoked)).served;
  }, 30_000);
});

testWith(NEEDS, "a list that is none of the authorities' is a start error", async () => {
  await using place = await Place.open();
  const list = place.list("evil.crl", await (await Authority.make("Evil")).revoke([]));
  assertStringIncludes(
    await startError([BY_OPENSSL, ...place.args(["--client-verify-crl", list])]),
    "evil.crl: revocation list 1 in it, of CN=Evil, is from none of the authorities in ",
  );
});

/** Clients of one authority, one of them revoked. */
class Place implements AsyncDisposable {
  private constructor(
    readonly folder: Folder,
    readonly clients: Authority,
    readonly server: string,
    readonly good: readonly string[],
    readonly revoked: readonly string[],
  ) {}

  static async open(): Promise<Place> {
    const folder = new Folder();
    const clients = await Authority.make("Clients");
    const { pem } = await (await Authority.make()).issue({ names: ["localhost"] });
    const place = new Place(folder, clients, folder.write("server.pem", pem), [], []);
    return new Place(
      ...[folder, clients, place.server] as const,
      place.shown("good", await clients.issue({ commonName: "good" })),
      place.shown("bad", await clients.issue({ commonName: "bad", serialNumber: REVOKED })),
    );
  }

  get authority(): string {
    return this.clients.certificate;
  }

  /** Writes a file; returns its path. */
  list(name: string, text: string): string {
    return this.folder.write(name, text);
  }

  /** Arguments of s_client for a certificate. */
  shown(name: string, { pem }: Issued): string[] {
    const file = this.folder.write(`${name}.pem`, pem);
    return ["-cert", file, "-key", file];
  }

  args(more: readonly string[], authorities?: string): string[] {
    const ca = authorities ?? this.folder.write("ca.pem", this.authority);
    return ["--client-verify=required", "--client-verify-ca", ca, ...more, this.server];
  }

  start(more: readonly string[], authorities?: string): Promise<TlsSite> {
    return TlsSite.start(this.args(more, authorities));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.folder[Symbol.dispose]();
    return Promise.resolve();
  }
}
