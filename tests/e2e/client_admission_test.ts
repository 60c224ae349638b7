/**
 * Who may connect by name: seen from outside, with what the log says, on resumed sessions and after a reload. The rules
 * have frontends of one stud, but for the one that is reloaded.
 */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority, type Issued } from "../support/authority.ts";
import { Shared } from "../support/shared.ts";
import { startError } from "../support/start_error.ts";
import { BY_OPENSSL, byLibrary } from "../support/stud.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const VERSIONS = ["-tls1_2", "-tls1_3"];
/** Node asks for the certificate in every session. */
const RESUMES = byLibrary({ rustls: true, openssl: true, node: false });

const shared = new Shared(() => Place.start());

// The log counts what it has said of one client within the last seconds.
for (const [version, stranger] of [["-tls1_2", "mallory"], ["-tls1_3", "trudy"]] as const) {
  shared.test(
    NEEDS,
    `${version}: a named client is served, and others are logged by name`,
    async (place) => {
      const { site } = place;
      const frontend = site.at(`named ${version}`);
      for (const who of ["alice", "truck"] as const) {
        const served = await frontend.handshake("localhost", [version, ...place.shown(who)]);
        assert(served.served, served.report);
      }
      const denied = await frontend.handshake("localhost", [version, ...place.shown(stranger)]);
      assert(!denied.served, denied.report);
      await site.stud.output(
        new RegExp(
          `client denied: CN=${stranger}\\\\x0aalice, DNS:m\\.example is not allowed by --allow-cn or --allow-san \\(client 127`,
        ),
      );
      assertEquals(site.accepted, 2, "the backend heard of others");
    },
  );
}

shared.test(NEEDS, "a session is no way round rules that have changed", async (place) => {
  const rules = (name: string) =>
    place.write("stud.conf", `${place.rules}allow-cn = alice\nallow-cn = "${name}"\n`);
  await using site = await TlsSite.start(["--config", rules("bob")]);
  const session = (version: string) => `${place.folder.path}/session${version}`;
  for (const version of VERSIONS) {
    const bob = [version, ...place.shown("bob")];
    const first = await site.handshake("localhost", [...bob, "-sess_out", session(version)]);
    assert(first.served, first.report);
    const again = await site.handshake("localhost", [...bob, "-sess_in", session(version)]);
    assertEquals([again.served, /^Reused, /m.test(again.stdout)], [true, RESUMES], again.report);
  }
  rules("carol");
  site.stud.signal("SIGHUP");
  await site.stud.output(/reloaded/);
  for (const version of VERSIONS) {
    const bob = [version, ...place.shown("bob")];
    const later = await site.handshake("localhost", [...bob, "-sess_in", session(version)]);
    assert(!later.served, later.report);
    const alice = await site.handshake("localhost", [version, ...place.shown("alice")]);
    assert(alice.served, alice.report);
  }
  site.stud.signal("SIGTERM");
  await site.stud.output(/stopped: 8 connections, 0 handshakes failed, 2 clients denied, /);
});

shared.test(NEEDS, "a frontend and a certificate have rules of their own", async (place) => {
  for (
    const [frontend, name, allowed] of [
      ["general", "localhost", ["alice"]],
      ["own", "localhost", ["bob"]],
      ["general", "other.example", ["truck"]],
    ] as const
  ) {
    for (const who of ["alice", "bob", "truck"] as const) {
      const { served } = await place.site.at(frontend).handshake(name, place.shown(who));
      assertEquals(served, (allowed as readonly string[]).includes(who), who);
    }
  }
});

shared.test(NEEDS, "the access log names denied clients", async (place) => {
  await place.site.at("general").handshake("localhost", place.shown("bob"));
  await place.site.stud.output(
    / tls=TLSv1\.3 .* client_subject=CN=bob backend=- to_backend=0 .* end=denied by=stud reason="CN=bob/,
  );
});

shared.test(NEEDS, "names without certificates are a start error", async (place) => {
  assertStringIncludes(
    await startError([BY_OPENSSL, "--allow-cn=alice", place.pem]),
    '--allow-cn: "alice" needs --client-verify=required: a client without a certificate has no name',
  );
});

/** Clients of one authority, by the names of {@linkcode CLIENTS}, and a stud with several rules. */
class Place extends SharedTlsSite {
  private constructor(site: TlsSite, folder: Folder, readonly pem: string, readonly ca: string) {
    super(site, folder);
  }

  static async start(): Promise<Place> {
    const folder = new Folder();
    const [clients, server] = [await Authority.make("Clients"), await Authority.make("Server")];
    const write = (name: string, { pem }: Issued) => folder.write(`${name}.pem`, pem);
    for (const [name, order] of Object.entries(CLIENTS)) write(name, await clients.issue(order));
    const pem = write("server", await server.issue({ names: ["localhost"] }));
    const other = write("other", await server.issue({ names: ["other.example"] }));
    const ca = folder.write("ca.pem", clients.certificate);
    const general = `access-log = "-"
allow-cn = alice
pem-file = { cert = "${other}" allow-cn = truck }
${rulesOf(pem, ca)}`;
    const named = "allow-cn = alice\nallow-san = DNS:*.fleet.example";
    const site = await TlsSite.startFrontends(folder, {
      ...Object.fromEntries(VERSIONS.map((version) => [`named ${version}`, named])),
      "general": "",
      "own": "allow-san = email:bob@Example.Org",
    }, { general });
    return new Place(site, folder, pem, ca);
  }

  /** Lines of a configuration that serves `localhost` to clients with certificates. */
  get rules(): string {
    return rulesOf(this.pem, this.ca);
  }

  write(name: string, text: string): string {
    return this.folder.write(name, text);
  }

  /** Arguments of s_client for the certificate of one of them. */
  shown(name: Client): string[] {
    const file = `${this.folder.path}/${name}.pem`;
    return ["-cert", file, "-key", file];
  }
}

function rulesOf(pem: string, ca: string): string {
  return `client-verify = required\nclient-verify-ca = "${ca}"\npem-file = "${pem}"\n`;
}

type Client = keyof typeof CLIENTS;

const CLIENTS = {
  alice: { commonName: "alice" },
  bob: { commonName: "bob", names: ["email:bob@example.org"] },
  truck: { commonName: "truck", names: ["t1.fleet.example"] },
  trudy: { commonName: "trudy\nalice", names: ["m.example"] },
  mallory: { commonName: "mallory\nalice", names: ["m.example"] },
};
