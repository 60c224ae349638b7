/** `--client`: whom stud believes, what it asks for, and what it shows of itself. */

import { assert, assertEquals } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { Backend, echo, writeAll } from "../support/backend.ts";
import { pemFile } from "../support/certificates.ts";
import { OutgoingSite } from "../support/outgoing_site.ts";
import { connectRaw } from "../support/raw_client.ts";
import { BY_OPENSSL, Stud } from "../support/stud.ts";
import { receive, receiveText, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

Deno.test("a backend with a certificate for another name gets nothing, and the log says why", async () => {
  await using site = await OutgoingSite.start({ names: ["other.example"] });
  const accepted = site.backend.accept();
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
});

Deno.test("the authorities of --backend-ca are the only ones that are trusted", async () => {
  const stranger = pemFile((await Authority.make("Somebody Else")).certificate);
  using _ = stranger;
  const args = [`--backend-ca=${stranger.path}`];
  await using site = await OutgoingSite.start({ args, withoutCa: true, trustedByMachine: true });
  const accepted = site.backend.accept();
  using client = await connectRaw(site.stud.port);
  await (await accepted as Deno.TlsConn).handshake().catch(() => {});
  assertEquals((await receive(client)).text, "");
  await site.stud.output(/its certificate is from an authority that is not trusted here/);
});

testWith(
  { linux: true },
  "without --backend-ca the authorities of SSL_CERT_FILE are trusted",
  async () => {
    await using site = await OutgoingSite.start({ withoutCa: true, trustedByMachine: true });
    const { client, peer } = await site.connectThrough();
    using _ = client;
    await send(client, "hello");
    assertEquals(await receiveText(peer, 5), "hello", site.stud.report());
  },
);

Deno.test("the name is asked for and verified, and protocols are offered", async () => {
  await using site = await OutgoingSite.start({
    names: ["service.example"],
    args: ["--backend-name=service.example", "--alpn-protos=h2,http/1.1"],
    alpn: ["http/1.1"],
  });
  const accepted = site.backend.accept();
  using client = await connectRaw(site.stud.port);
  const peer = await accepted as Deno.TlsConn;
  const { alpnProtocol } = await peer.handshake();
  assertEquals(alpnProtocol, "http/1.1");
  // In some protocols the server speaks first.
  await send(peer, "220 ready");
  assertEquals(await receiveText(client, 9), "220 ready", site.stud.report());
});

testWith({ linux: true }, "a backend that asks for a certificate is shown stud's", async () => {
  const authority = await Authority.make();
  using ca = pemFile(authority.certificate);
  using own = await authority.file({ names: ["stud.example"] });
  using served = await authority.file({ names: ["localhost"] });
  await using backend = Backend.serve(echo);
  await using server = await Stud.start([
    ...[BY_OPENSSL, "-f", "127.0.0.1,0", "-b", backend.address, "--client-verify=required"],
    ...[`--client-verify-ca=${ca.path}`, served.path],
  ]);
  const args = ["--client", "-f", "127.0.0.1,0", "-b", `127.0.0.1,${server.port}`];
  const trust = [BY_OPENSSL, `--backend-ca=${ca.path}`, "--backend-name=localhost"];
  await using known = await Stud.start([...args, ...trust, own.path]);
  assertEquals(await echoThrough(known), "hello", known.report());
  await using unknown = await Stud.start([...args, ...trust]);
  assertEquals(await echoThrough(unknown), "");
  await unknown.output(/it requires a client certificate; name a PEM file/);
});

testWith({ linux: true }, "without verification anybody is believed, with a warning", async () => {
  const args = [BY_OPENSSL, "--backend-verify=off"];
  await using site = await OutgoingSite.start({ names: ["other.example"], args });
  await site.stud.output(/--backend-verify=off: certificate verification is disabled/);
  const { client, peer } = await site.connectThrough();
  using _ = client;
  await send(client, "hello");
  assertEquals(await receiveText(peer, 5), "hello");
});

testWith({ linux: true }, "TLS goes over a unix socket too, to a backend with a name", async () => {
  await using site = await OutgoingSite.start();
  const path = await Deno.makeTempFile({ prefix: "stud-test-", suffix: ".sock" });
  await Deno.remove(path);
  await using raw = Backend.listen(path);
  const [, port] = site.backend.address.split(",");
  const joining = raw.accept().then(async (conn) => {
    const tcp = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    await Promise.all([pass(conn, tcp), pass(tcp, conn)]);
    tcp.close();
  });
  const args = [BY_OPENSSL, "--client", "-f", "127.0.0.1,0", "-b", path];
  using ca = pemFile(site.authority.certificate);
  const trust = [`--backend-ca=${ca.path}`, "--backend-name=127.0.0.1"];
  await using stud = await Stud.start([...args, ...trust]);
  const accepted = site.backend.accept();
  using client = await connectRaw(stud.port);
  await send(client, "hello");
  const peer = await accepted;
  assertEquals(await receiveText(peer, 5), "hello", stud.report());
  await client.closeWrite();
  await receive(peer);
  await peer.closeWrite();
  assertEquals((await receive(client)).end, "clean");
  await joining;
});

/** Moves octets to the end, and passes that on. */
async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(16 << 10);
  for (let count; (count = await from.read(bytes)) !== null;) {
    await writeAll(to, bytes.subarray(0, count));
  }
  await to.closeWrite();
}

/** What comes back of `hello` through a stud with an echoing backend somewhere behind it. */
async function echoThrough(stud: Stud): Promise<string> {
  using client = await connectRaw(stud.port);
  await send(client, "hello");
  await client.closeWrite().catch(() => {});
  return (await receive(client)).text;
}
