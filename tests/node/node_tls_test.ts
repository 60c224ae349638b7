/** `node:tls` under stud: what it refuses is named, and ends of connections are told apart. */

import { Buffer } from "node:buffer";
import { generateKeyPairSync } from "node:crypto";
import process from "node:process";
import test from "node:test";
import { PeerError } from "../../src/errors.ts";
import { createNodeNetwork } from "../../src/runtime/node/network.ts";
import { openNodeTls } from "../../src/runtime/node/tls.ts";
import type { NodeTlsStream } from "../../src/runtime/node/tls_stream.ts";
import { OpenSslError } from "../../src/runtime/openssl.ts";
import type { StreamContextOptions } from "../../src/runtime/stream_tls.ts";
import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../support/assert.ts";
import { eventually, within } from "../support/eventually.ts";
import { NodePeer } from "../support/node_peer.ts";
import { receiveText, send } from "../support/tls_client.ts";

const tls = openNodeTls();
const network = createNodeNetwork();

const pem = await makeSelfSigned("localhost", new Date());
const keyAt = pem.indexOf("-----BEGIN PRIVATE KEY-----");
const CERTIFICATE = {
  certificateChain: pem.slice(0, keyAt),
  privateKey: pem.slice(keyAt),
  dhParameters: undefined,
  ocspResponse: undefined,
};
const bytes = (length: number) => new Uint8Array(length).fill(1);
const OPTIONS: StreamContextOptions = {
  certificates: [CERTIFICATE],
  protocols: ["TLSv1.2", "TLSv1.3"],
  ciphers: undefined,
  ciphersuites: undefined,
  groups: undefined,
  preferServerCiphers: false,
  securityLevel: undefined,
  alpnProtocols: [],
  verify: "none",
  authorities: "",
  revocationLists: [],
  sessionIdContext: bytes(32),
  sessionTimeout: 3600,
  ticketKeys: { name: bytes(16), hmacKey: bytes(32), aesKey: bytes(32), all: bytes(80) },
  sslEngine: undefined,
};

const { privateKey: strangerKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const STRANGER = strangerKey.export({ type: "pkcs8", format: "pem" }).toString();

/** A setting that is refused, and its name. */
const REFUSED: Readonly<Record<string, readonly [Partial<StreamContextOptions>, string]>> = {
  "a cipher that does not exist": [{ ciphers: "NONSENSE" }, "ciphers"],
  "a list of ciphers of which none is left": [{ ciphers: "aNULL:!aNULL" }, "ciphers"],
  "a cipher suite that does not exist": [{ ciphersuites: "TLS_NONSENSE" }, "ciphersuites"],
  "a group that does not exist": [{ groups: "X25519:nonsense" }, "groups"],
  "authorities that are none": [
    { verify: "required", authorities: garbled("CERTIFICATE") },
    "authorities",
  ],
  "a certificate that is none": [
    { certificates: [{ ...CERTIFICATE, certificateChain: garbled("CERTIFICATE") }] },
    "certificate",
  ],
  "a key that is none": [
    { certificates: [{ ...CERTIFICATE, privateKey: garbled("PRIVATE KEY") }] },
    "private key",
  ],
  "a key of another certificate": [
    { certificates: [{ ...CERTIFICATE, privateKey: STRANGER }] },
    "private key",
  ],
  "DH parameters that are none": [
    { certificates: [{ ...CERTIFICATE, dhParameters: garbled("DH PARAMETERS") }] },
    "DH parameters",
  ],
};

for (const [what, [options, subject]] of Object.entries(REFUSED)) {
  test(`${what}: the refusal names the ${subject}`, () => {
    const error = assertThrows(
      () => tls.newContext({ ...OPTIONS, ...options }),
      OpenSslError,
    ) as unknown as OpenSslError;
    assertEquals(error.subject, subject);
    assert(error.message !== "" && !/error:[0-9A-F]{8}/.test(error.message), error.message);
  });
}

test("both cipher lists may be given", () => {
  tls.newContext({
    ...OPTIONS,
    ciphers: "ECDHE+AESGCM",
    ciphersuites: "TLS_AES_128_GCM_SHA256",
  });
});

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  const served = (what: string, run: (ends: Ends) => Promise<void>) =>
    test(`${version}: ${what}`, () => serve(version, run));

  served("close_notify is an end, also in the same read as data", async (ends) => {
    const { client, server } = ends;
    await hold(ends);
    await send(client, "last words");
    await client.closeWrite();
    assertEquals(await receiveText(server, 11), "alast words");
    assertEquals(await server.read(bytes(1)), null);
    await send(server, "answer");
    assertEquals(await receiveText(client, 6), "answer");
  });

  served("a cut right behind data is a fault", async (ends) => {
    const { client, server } = ends;
    await hold(ends);
    await send(client, "last words");
    client.cut();
    assertEquals(await receiveText(server, 11), "alast words");
    await assertRejects(() => server.read(bytes(1)), PeerError, "without close_notify");
  });

  served("a cut behind nothing is a fault", async ({ client, server }) => {
    client.cut();
    await assertRejects(() => server.read(bytes(1)), PeerError, "without close_notify");
  });

  served("a reset right behind data is a fault", async (ends) => {
    const { client, server } = ends;
    await hold(ends);
    await send(client, "last words");
    client.reset();
    assertEquals(await receiveText(server, 11), "alast words");
    assertEquals(await kindOf(server.read(bytes(1))), "reset");
  });

  served("close_notify of a client that was ended is an end", async (ends) => {
    const { client, server } = ends;
    await server.closeWrite();
    assertEquals(await client.read(bytes(1)), null);
    await hold(ends);
    await send(client, "last words");
    await client.closeWrite();
    assertEquals(await receiveText(server, 11), "alast words");
    assertEquals(await server.read(bytes(1)), null);
  });

  // Before, data and the end come in the same turn then, as with close_notify.
  const tellsCuts = Number(process.versions.node.split(".")[0]) >= 24;
  if (tellsCuts) {
    served("a cut by a client that was ended is a fault", async (ends) => {
      const { client, server } = ends;
      await server.closeWrite();
      assertEquals(await client.read(bytes(1)), null);
      await hold(ends);
      await send(client, "last words");
      client.cut();
      assertEquals(await receiveText(server, 11), "alast words");
      await assertRejects(() => server.read(bytes(1)), PeerError, "without close_notify");
    });
  }

  served("a write behind our end is refused and harms nothing", async ({ client, server }) => {
    await server.closeWrite();
    assertEquals(await kindOf(Promise.resolve(server.write(bytes(1)))), "gone");
    await send(client, "still");
    assertEquals(await receiveText(server, 5), "still");
  });

  served("what was agreed on is told", ({ server }) => {
    const { protocol, cipher, resumed, peerCertificate, verifyResult } = server.facts;
    assertEquals(protocol, version);
    assert(/^(?:TLS_|ECDHE-)/.test(cipher), cipher);
    assertEquals([resumed, peerCertificate, verifyResult], [false, undefined, 0]);
    return Promise.resolve();
  });
}

/** Both ends of a connection whose handshake is done. */
interface Ends {
  readonly client: NodePeer;
  readonly server: NodeTlsStream;
}

async function serve(
  version: "TLSv1.2" | "TLSv1.3",
  run: (ends: Ends) => Promise<void>,
): Promise<void> {
  const listener = await network.listen({ host: "127.0.0.1", port: 0, reusePort: false });
  const connecting = NodePeer.connectTls(listener.address.port, CERTIFICATE.certificateChain, {
    minVersion: version,
    maxVersion: version,
  });
  connecting.catch(() => {});
  const stream = await listener.accept();
  const hello = await stream.lend!();
  const context = tls.newContext(OPTIONS);
  const server = tls.accept(stream, { context, former: undefined }, hello!, {
    party: "client",
    recordFault: (refusal) => new PeerError("client", "other", refusal.message, { cause: refusal }),
  }) as NodeTlsStream;
  try {
    await within(10_000, "the handshake", server.handshake());
    const client = await connecting;
    await run({ client, server });
    client.close();
  } finally {
    server.close();
    listener.close();
  }
}

/** Has an octet arrive for which nobody waits: what follows is read only when somebody does, all at once. */
async function hold({ client, server }: Ends): Promise<void> {
  const { bytes: before } = server;
  await send(client, "a");
  await eventually("an octet arrives", () => server.bytes > before);
}

/** What kind of fault stud makes of what a promise rejects with. */
async function kindOf(promise: Promise<unknown>): Promise<string> {
  try {
    await within(10_000, "an error", promise);
  } catch (error) {
    return network.peerError(error, "client").kind;
  }
  throw new Error("no error");
}

/** PEM text around no ASN.1. */
function garbled(label: string): string {
  const text = Buffer.from("this is no ASN.1 at all").toString("base64");
  return `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
}
