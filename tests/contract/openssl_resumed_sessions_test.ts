/** What the OpenSSL engine tells of a client whose session goes on: it knows the certificate without seeing it. */

import { createRuntime } from "../../src/runtime/deno/runtime.ts";
import type { Negotiated, TlsListener } from "../../src/tls/engine.ts";
import { createOpenSslEngine } from "../../src/tls/openssl/engine.ts";
import { openHostLibrary } from "../../src/tls/openssl/host_library.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { type PemFile, temporaryPem } from "../support/certificates.ts";
import { clientCertificate } from "../support/client_certificate.ts";
import { within } from "../support/eventually.ts";
import { ReturningClient, TICKET_VERSIONS, type Visit } from "../support/returning_client.ts";
import { testWith } from "../support/tools.ts";
import { configurationOf } from "./engine_site.ts";
import { SOCKETS } from "../support/socket_settings.ts";

const NEEDS = { tools: ["openssl"], linux: true };

const deno = createRuntime({ workerArguments: [] });
// Loads the libraries now: loaded by a test, they would count as leaked by it.
deno.kernel;
deno.openOpenSsl();

for (const version of TICKET_VERSIONS) {
  testWith(NEEDS, `a client's certificate goes on with its session, ${version}`, async () => {
    using pem = await temporaryPem();
    using ours = await clientCertificate("ours");
    using client = new ReturningClient({ version, trusted: pem });
    using listener = await listen(pem, ours);
    const first = await serve(listener, client.begin(listener.address.port, ["-cert", ours.path]));
    const again = await serve(listener, client.offer(listener.address.port));
    assertEquals([first.resumed, again.resumed], [false, true]);
    assertEquals(first.clientCertificate, {
      pem: ours.text.slice(0, ours.text.indexOf("-----BEGIN PRIVATE KEY-----")),
      verifyResult: 0,
      commonName: "ours",
    });
    assertEquals(again.clientCertificate, first.clientCertificate);
  });
}

/** Demands certificates of clients from themselves. */
async function listen(pem: PemFile, authority: PemFile): Promise<TlsListener & Disposable> {
  const configuration = {
    ...configurationOf(pem.text),
    clientRules: { verify: "required", authorities: authority.certificate },
  } as const;
  const library = openHostLibrary(deno, configuration);
  const engine = createOpenSslEngine(deno, configuration, library);
  const listener = await engine.listen({
    ...{ address: { host: "127.0.0.1", port: 0 }, reusePort: false, sockets: SOCKETS },
  });
  return {
    address: listener.address,
    accept: () => listener.accept(),
    close: () => listener.close(),
    [Symbol.dispose]: () => listener.close(),
  };
}

/** Echoes what the visitor says, and returns what was agreed on. */
async function serve(listener: TlsListener, visiting: Promise<Visit>): Promise<Negotiated> {
  const connection = await within(10_000, "the client", listener.accept());
  try {
    const { stream, negotiated } = await within(10_000, "the handshake", connection.handshake());
    const bytes = new Uint8Array(100);
    const count = await within(10_000, "its words", stream.read(bytes));
    await stream.write(bytes.subarray(0, count ?? 0));
    assertEquals(await within(10_000, "its end", stream.read(bytes)), null);
    await stream.closeWrite();
    const visit = await visiting;
    assert(visit.answered, visit.report);
    return negotiated!;
  } finally {
    connection.close();
    await visiting.catch(() => {});
  }
}
