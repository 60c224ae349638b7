/**
 * `--client`: whom stud believes, what it asks for, and what it shows of itself. The tests lead two studs to their
 * backends: one that trusts an authority, for an address, and one that expects a name, behind a unix socket.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { Backend, echo } from "../support/backend.ts";
import { pemFile } from "../support/certificates.ts";
import { Junction } from "../support/junction.ts";
import { OutgoingSite } from "../support/outgoing_site.ts";
import { connectRaw } from "../support/raw_client.ts";
import { type Shareable, Shared } from "../support/shared.ts";
import { BY_OPENSSL, Stud } from "../support/stud.ts";
import { receive, receiveText, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const linux = { linux: true };

const both = new Shared(() => Both.start());

both.test(
  {},
  "a backend with a certificate for another name gets nothing, and the log says why",
  async ({ trusting: site, trusted }) => {
    await using backend = Backend.listenTls(
      await trusted.issue({ names: ["other.example"] }),
    );
    site.lead(portOf(backend));
    const accepted = backend.accept();
    using client = await connectRaw(site.stud.port);
    await send(client, "a secret");
    const peer = await accepted as Deno.TlsConn;
    await peer.handshake().catch(() => {});
    const { text, end } = await receive(client);
    assertEquals(text, "");
    assert(end !== "clean", "the client saw a clean end");
    await site.stud.output(
      /error: .*backend failed: 127\.0\.0\.1:\d+: TLS: its certificate is not for 127\.0\.0\.1 but for other\.example \(client/,
    );
  },
);

both.test(
  {},
  "the authorities of --backend-ca are the only ones that are trusted",
  async ({ trusting: site }) => {
    const accepted = site.backend.accept();
    site.lead();
    using client = await connectRaw(site.stud.port);
    await (await accepted as Deno.TlsConn).handshake().catch(() => {});
    assertEquals((await receive(client)).text, "");
    await site.stud.output(/its certificate is from an authority that is not trusted here/);
  },
);

both.test(
  linux,
  "a backend whose authority and address are right is believed",
  async ({ trusting: site, trusted }) => {
    await using backend = Backend.listenTls(
      await trusted.issue({ names: ["ip:127.0.0.1"] }),
    );
    site.lead(portOf(backend));
    const accepted = backend.accept();
    using client = await connectRaw(site.stud.port);
    await send(client, "hello");
    assertEquals(await receiveText(await accepted, 5), "hello", site.stud.report());
  },
);

testWith(
  linux,
  "without --backend-ca the authorities of SSL_CERT_FILE are trusted",
  async () => {
    await using site = await OutgoingSite.start({ withoutCa: true, trustedByMachine: true });
    const { client, peer } = await site.connectThrough();
    using _ = client;
    await send(client, "hello");
    assertEquals(await receiveText(peer, 5), "hello", site.stud.report());
  },
);

both.test(
  linux,
  "the name is asked for and verified, and protocols are offered",
  async ({ named: site }) => {
    site.lead();
    const accepted = site.backend.accept();
    using client = await connectRaw(site.stud.port);
    const peer = await accepted as Deno.TlsConn;
    const { alpnProtocol } = await peer.handshake();
    assertEquals(alpnProtocol, "http/1.1");
    // In some protocols the server speaks first.
    await send(peer, "220 ready");
    assertEquals(await receiveText(client, 9), "220 ready", site.stud.report());
  },
);

both.test(linux, "a backend that asks for a certificate is shown stud's", async (studs) => {
  const { named, trusting, trusted, clients } = studs;
  using ca = pemFile(clients.certificate);
  using served = await trusted.file({ names: ["service.example", "ip:127.0.0.1"] });
  await using backend = Backend.serve(echo);
  await using server = await Stud.start([
    ...[BY_OPENSSL, "-f", "127.0.0.1,0", "-b", backend.address, "--client-verify=required"],
    ...[`--client-verify-ca=${ca.path}`, served.path],
  ]);
  named.lead(server.port);
  assertEquals(await echoThrough(named.stud), "hello", named.stud.report());
  trusting.lead(server.port);
  assertEquals(await echoThrough(trusting.stud), "");
  await trusting.stud.output(/it requires a client certificate; name a PEM file/);
});

testWith(linux, "without verification anybody is believed, with a warning", async () => {
  const args = [BY_OPENSSL, "--backend-verify=off"];
  await using site = await OutgoingSite.start({ names: ["other.example"], args });
  await site.stud.output(/--backend-verify=off: certificate verification is disabled/);
  const { client, peer } = await site.connectThrough();
  using _ = client;
  await send(client, "hello");
  assertEquals(await receiveText(peer, 5), "hello");
});

both.test(
  linux,
  "TLS goes over a unix socket too, to a backend with a name",
  async ({ named: site }) => {
    const { client, peer } = await site.connectThrough();
    using _ = client;
    await send(client, "hello");
    assertEquals(await receiveText(peer, 5), "hello", site.stud.report());
    await client.closeWrite();
    await receive(peer);
    await peer.closeWrite();
    assertEquals((await receive(client)).end, "clean");
  },
);

/** The studs, and the authorities that there are beside those of their backends. */
class Both implements Shareable {
  private constructor(
    readonly trusting: OutgoingSite,
    readonly named: OutgoingSite,
    /** What both trust; the machine of the first trusts the authority of its backend. */
    readonly trusted: Authority,
    /** Of the certificate that the second shows. */
    readonly clients: Authority,
  ) {}

  static async start(): Promise<Both> {
    const [trusted, clients] = [await Authority.make("Trusted"), await Authority.make("Clients")];
    using ca = pemFile(trusted.certificate);
    using own = await clients.file({ names: ["stud.example"] });
    const trusting = await OutgoingSite.start({
      ...{ args: [`--backend-ca=${ca.path}`], withoutCa: true, trustedByMachine: true },
      junction: new Junction(),
    });
    try {
      const path = await Deno.makeTempFile({ prefix: "stud-test-", suffix: ".sock" });
      await Deno.remove(path);
      const named = await OutgoingSite.start({
        ...{ names: ["service.example"], alpn: ["http/1.1"], otherCas: trusted.certificate },
        junction: new Junction(path),
        args: [
          ...[BY_OPENSSL, "--backend-name=service.example", "--alpn-protos=h2,http/1.1"],
          own.path,
        ],
      });
      return new Both(trusting, named, trusted, clients);
    } catch (error) {
      await trusting[Symbol.asyncDispose]();
      throw error;
    }
  }

  forget(): void {
    this.trusting.forget();
    this.named.forget();
  }

  async settle(): Promise<void> {
    await this.trusting.settle();
    await this.named.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.trusting[Symbol.asyncDispose]();
    await this.named[Symbol.asyncDispose]();
  }
}

function portOf({ address }: Backend): number {
  return Number(address.split(",")[1]);
}

/** What comes back of `hello` through a stud with an echoing backend somewhere behind it. */
async function echoThrough(stud: Stud): Promise<string> {
  using client = await connectRaw(stud.port);
  await send(client, "hello");
  await client.closeWrite().catch(() => {});
  return (await receive(client)).text;
}
