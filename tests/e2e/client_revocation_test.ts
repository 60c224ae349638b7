/**
 * Revoked certificates of clients: who is refused, what the log says, and how lists are renewed. Every list has a frontend
 * of one stud.
 */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority, type Issued } from "../support/authority.ts";
import { Shared } from "../support/shared.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";
import { startError } from "../support/start_error.ts";
import { BY_OPENSSL, byLibrary, runStud } from "../support/stud.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const VERSIONS = ["-tls1_2", "-tls1_3"];
const REVOKED = "1a2b";

const shared = new Shared(() => Place.start());

for (const version of VERSIONS) {
  shared.test(
    NEEDS,
    `${version}: a revoked client is refused, and others are not`,
    async (place) => {
      const { site } = place;
      const frontend = site.at(`clients ${version}`);
      const good = await frontend.handshake("localhost", [version, ...place.good]);
      assert(good.served, good.report);
      const revoked = await frontend.handshake("localhost", [version, ...place.revoked]);
      assert(!revoked.served, revoked.report);
      const isTold = byLibrary({ rustls: true, openssl: true, node: false });
      assertEquals(revoked.stderr.includes("alert number 44"), isTold, revoked.report);
      await site.stud.output(
        /handshake failed: the client's certificate has been revoked \(client 127\.0\.0\.1:/,
      );
      assertEquals(site.accepted, 1);
    },
  );
}

shared.test(NEEDS, "lists in the file of authorities count", async (place) => {
  const frontend = place.site.at("both in one");
  const good = await frontend.handshake("localhost", place.good);
  assert(good.served, good.report);
  const revoked = await frontend.handshake("localhost", place.revoked);
  assert(!revoked.served, revoked.report);
});

shared.test(
  NEEDS,
  "an expired list admits no client, and stud warns at the start",
  async (place) => {
    const { stud } = place.site;
    await stud.everOutput(/old\.crl: the revocation list of CN=Clients expired on .*are refused/);
    const good = await place.site.at("expired").handshake("localhost", place.good);
    assert(!good.served, good.report);
    await stud.output(/the revocation list of its authority or of one above has expired/);
    const args = place.args(["--client-verify-crl", `${place.folder.path}/old.crl`]);
    const tested = await runStud(["-t", BY_OPENSSL, ...args]);
    assertEquals(tested.code, 0);
    assertStringIncludes(
      tested.stderr + tested.stdout,
      "old.crl: the revocation list of CN=Clients",
    );
  },
);

shared.test(
  NEEDS,
  "an authority without a list admits no client, and stud warns",
  async (place) => {
    const { stud } = place.site;
    await stud.everOutput(/others\.crl: no revocation list of CN=Clients; certificates of such/);
    const good = await place.site.at("no list").handshake("localhost", place.good);
    assert(!good.served, good.report);
    await stud.output(/no revocation list of its authority or of one above/);
  },
);

shared.test(NEEDS, "a whole chain is looked up", async (place) => {
  const good = await place.site.at("chain").handshake("localhost", place.deep);
  assert(good.served, good.report);
});

shared.test(
  NEEDS,
  "SIGHUP loads a newer list, and earlier sessions are not resumed",
  async (place) => {
    const { stud } = place.site;
    const frontend = place.site.at("renewed");
    const session = `${place.folder.path}/session`;
    const before = ["-tls1_3", ...place.revoked];
    const first = await frontend.handshake("localhost", [...before, "-sess_out", session]);
    assert(first.served, first.report);
    place.list("renewed.crl", await place.clients.revoke([REVOKED]));
    stud.signal("SIGHUP");
    await stud.output(/reloaded/);
    for (const args of [before, [...before, "-sess_in", session]]) {
      const again = await frontend.handshake("localhost", args);
      assert(!again.served, again.report);
    }
    place.list("renewed.crl", "damaged");
    stud.signal("SIGHUP");
    await stud.output(/keeping its previous content: .*renewed\.crl: not a PEM file/);
    const still = await frontend.handshake("localhost", before);
    assert(!still.served, still.report);
  },
);

shared.test(NEEDS, "--watch brings a newer list by itself", async (place) => {
  const list = place.list("watched.crl", await place.clients.revoke([]));
  const args = place.args(["--client-verify-crl", list, "--watch"]);
  await using site = await TlsSite.start(args);
  const first = await site.handshake("localhost", place.revoked);
  assert(first.served, first.report);
  place.list("watched.crl", await place.clients.revoke([REVOKED]));
  await site.stud.output(/reloaded/, 30_000);
  const second = await site.handshake("localhost", place.revoked);
  assert(!second.served, second.report);
});

shared.test(NEEDS, "a list that is none of the authorities' is a start error", async (place) => {
  const list = place.list("evil.crl", await (await Authority.make("Evil")).revoke([]));
  assertStringIncludes(
    await startError([BY_OPENSSL, ...place.args(["--client-verify-crl", list])]),
    "evil.crl: revocation list 1 in it, of CN=Evil, is from none of the authorities in ",
  );
});

/** Clients of one authority, one of them revoked, and a stud that has a frontend for each way of saying so. */
class Place extends SharedTlsSite {
  private constructor(
    site: TlsSite,
    folder: Folder,
    readonly clients: Authority,
    readonly good: readonly string[],
    readonly revoked: readonly string[],
    readonly deep: readonly string[],
  ) {
    super(site, folder);
  }

  static async start(): Promise<Place> {
    const folder = new Folder();
    const [clients, others] = [await Authority.make("Clients"), await Authority.make("Others")];
    const middle = await clients.authority("Middle");
    const list = await clients.revoke([REVOKED]);
    const [authority, above] = [clients.certificate, clients.certificate + middle.certificate];
    const pem = folder.write("server.pem", (await others.issue({ names: ["localhost"] })).pem);
    const general = `client-verify = required
client-verify-ca = "${folder.write("ca.pem", authority)}"
pem-file = "${pem}"
`;
    const rules = (name: string, list: string, authorities = authority) => {
      const [ca, crl] = [
        folder.write(`${name}.pem`, authorities),
        folder.write(`${name}.crl`, list),
      ];
      return `client-verify-ca = "${ca}"\nclient-verify-crl = "${crl}"`;
    };
    const site = await TlsSite.startFrontends(folder, {
      ...Object.fromEntries(
        VERSIONS.map((version) => [`clients ${version}`, rules("clients", list)]),
      ),
      "both in one": `client-verify-ca = "${folder.write("both.pem", authority + list)}"`,
      "expired": rules("old", await clients.revoke([], { days: -2 })),
      "no list": rules("others", await others.revoke([]), authority + others.certificate),
      "chain": rules("chain", list + await middle.revoke([]), above),
      "renewed": rules("renewed", await clients.revoke([])),
    }, { general });
    const shown = (name: string, { pem }: Issued) => {
      const file = folder.write(`shown_${name}.pem`, pem);
      return ["-cert", file, "-key", file];
    };
    return new Place(
      ...[site, folder, clients] as const,
      shown("good", await clients.issue({ commonName: "good" })),
      shown("bad", await clients.issue({ commonName: "bad", serialNumber: REVOKED })),
      shown("deep", await middle.issue({ commonName: "deep" })),
    );
  }

  /** Writes a file; returns its path. */
  list(name: string, text: string): string {
    return this.folder.write(name, text);
  }

  /** Of a stud of its own, with these clients and a certificate for localhost. */
  args(more: readonly string[]): string[] {
    const [ca, pem] = [`${this.folder.path}/ca.pem`, `${this.folder.path}/server.pem`];
    return ["--client-verify=required", "--client-verify-ca", ca, ...more, pem];
  }
}
