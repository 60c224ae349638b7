/** Who may connect by name: seen from outside, with what the log says, on resumed sessions and after a reload. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority, type Issued } from "../support/authority.ts";
import { answering, handshake } from "../support/handshake.ts";
import { startError } from "../support/start_error.ts";
import { BY_OPENSSL, byLibrary, Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";
import { Folder, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const VERSIONS = ["-tls1_2", "-tls1_3"];
/** Node asks for the certificate in every session. */
const RESUMES = byLibrary({ rustls: true, openssl: true, node: false });

for (const version of VERSIONS) {
  testWith(
    NEEDS,
    `${version}: a named client is served, and others are logged by name`,
    async () => {
      await using place = await Place.open();
      await using site = await place.start(["--allow-cn=alice", "--allow-san=DNS:*.fleet.example"]);
      for (const who of ["alice", "truck"] as const) {
        const served = await site.handshake("localhost", [version, ...place.shown(who)]);
        assert(served.served, served.report);
      }
      const denied = await site.handshake("localhost", [version, ...place.shown("mallory")]);
      assert(!denied.served, denied.report);
      await site.stud.output(
        /client denied: CN=mallory\\x0aalice, DNS:m\.example is not allowed by --allow-cn or --allow-san \(client 127/,
      );
      assertEquals(site.accepted, 2, "the backend heard of others");
      site.stud.signal("SIGTERM");
      await site.stud.output(/stopped: 3 connections, 0 handshakes failed, 1 client denied, /);
    },
  );

  testWith(NEEDS, `${version}: a session is no way round rules that have changed`, async () => {
    await using place = await Place.open();
    const rules = (name: string) =>
      place.write("stud.conf", `${place.rules}allow-cn = alice\nallow-cn = "${name}"\n`);
    const session = `${place.folder.path}/session`;
    await using site = await TlsSite.start(["--config", rules("bob")]);
    const bob = [version, ...place.shown("bob")];
    const first = await site.handshake("localhost", [...bob, "-sess_out", session]);
    assert(first.served, first.report);
    const again = await site.handshake("localhost", [...bob, "-sess_in", session]);
    assertEquals([again.served, /^Reused, /m.test(again.stdout)], [true, RESUMES], again.report);
    rules("carol");
    site.stud.signal("SIGHUP");
    await site.stud.output(/reloaded/);
    const later = await site.handshake("localhost", [...bob, "-sess_in", session]);
    assert(!later.served, later.report);
    const alice = await site.handshake("localhost", [version, ...place.shown("alice")]);
    assert(alice.served, alice.report);
  });
}

testWith(NEEDS, "a frontend and a certificate have rules of their own", async () => {
  await using place = await Place.open();
  await using backend = answering();
  const other = place.write(
    "other.pem",
    (await place.server.issue({ names: ["other.example"] })).pem,
  );
  const text = `${place.rules}allow-cn = alice
backend = "${backend.address}"
frontend = "127.0.0.1,0"
frontend = { host = 127.0.0.1 port = 0 allow-san = email:bob@Example.Org }
pem-file = { cert = "${other}" allow-cn = truck }
pem-file = "${place.pem}"\n`;
  await using stud = await Stud.start([BY_OPENSSL, "--config", place.write("stud.conf", text)]);
  const [general, own] = [...stud.stdout.matchAll(/127\.0\.0\.1:(\d+)(?= and |,)/g)]
    .map(([, port]) => Number(port));
  const served = async (port: number, name: string, who: Client) =>
    (await handshake(port, name, place.shown(who))).served;
  for (
    const [port, name, allowed] of [
      [general!, "localhost", ["alice"]],
      [own!, "localhost", ["bob"]],
      [general!, "other.example", ["truck"]],
    ] as const
  ) {
    for (const who of ["alice", "bob", "truck"] as const) {
      assertEquals(
        await served(port, name, who),
        (allowed as readonly string[]).includes(who),
        who,
      );
    }
  }
});

testWith(NEEDS, "the access log names denied clients", async () => {
  await using place = await Place.open();
  await using site = await place.start(["--allow-cn=alice", "--access-log=-"]);
  await site.handshake("localhost", place.shown("bob"));
  await site.stud.output(
    / tls=TLSv1\.3 .* client_subject=CN=bob backend=- to_backend=0 .* end=denied by=stud reason="CN=bob/,
  );
});

testWith(NEEDS, "names without certificates are a start error", async () => {
  await using place = await Place.open();
  assertStringIncludes(
    await startError([BY_OPENSSL, "--allow-cn=alice", place.pem]),
    '--allow-cn: "alice" needs --client-verify=required: a client without a certificate has no name',
  );
  assertStringIncludes(
    await startError([BY_OPENSSL, "--client-verify-ca", place.ca, place.pem]),
    "has no effect: no client is asked for a certificate",
  );
});

/** Clients of one authority, by the names of {@linkcode CLIENTS}. */
class Place implements AsyncDisposable {
  private constructor(
    readonly folder: Folder,
    readonly server: Authority,
    readonly pem: string,
    readonly ca: string,
  ) {}

  static async open(): Promise<Place> {
    const folder = new Folder();
    const [clients, server] = [await Authority.make("Clients"), await Authority.make("Server")];
    const write = (name: string, { pem }: Issued) => folder.write(`${name}.pem`, pem);
    for (const [name, order] of Object.entries(CLIENTS)) write(name, await clients.issue(order));
    const pem = write("server", await server.issue({ names: ["localhost"] }));
    return new Place(folder, server, pem, folder.write("ca.pem", clients.certificate));
  }

  /** Lines of a configuration that serves `localhost` to clients with certificates. */
  get rules(): string {
    return `client-verify = required\nclient-verify-ca = "${this.ca}"\npem-file = "${this.pem}"\n`;
  }

  write(name: string, text: string): string {
    return this.folder.write(name, text);
  }

  /** Arguments of s_client for the certificate of one of them. */
  shown(name: Client): string[] {
    const file = `${this.folder.path}/${name}.pem`;
    return ["-cert", file, "-key", file];
  }

  start(more: readonly string[]): Promise<TlsSite> {
    const rules = ["--client-verify=required", "--client-verify-ca", this.ca];
    return TlsSite.start([...rules, ...more, this.pem]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.folder[Symbol.dispose]();
    return Promise.resolve();
  }
}

type Client = keyof typeof CLIENTS;

const CLIENTS = {
  alice: { commonName: "alice" },
  bob: { commonName: "bob", names: ["email:bob@example.org"] },
  truck: { commonName: "truck", names: ["t1.fleet.example"] },
  mallory: { commonName: "mallory\nalice", names: ["m.example"] },
};
