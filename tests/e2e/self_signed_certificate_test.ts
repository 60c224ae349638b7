/** `--self-signed[=NAME]`: a certificate for trials, made at the start, with a warning. */

import { connect, type PeerCertificate } from "node:tls";
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { within } from "../support/eventually.ts";
import { Stud } from "../support/stud.ts";

Deno.test("--self-signed serves a certificate for localhost and its addresses, with a warning", async () => {
  await using stud = await Stud.start(["--self-signed", "-f", "127.0.0.1,0"]);
  await stud.output(/warning: --self-signed: a certificate for localhost was made in memory/);
  const certificate = await servedCertificate(stud.port);
  assertEquals(certificate.subject.CN, "localhost");
  assertEquals(names(certificate), ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]);
  assertEquals(certificate.issuer, certificate.subject);
  const now = Date.now();
  assert(Date.parse(certificate.valid_from) <= now && Date.parse(certificate.valid_to) > now);
});

for (
  const [name, alternative] of [
    ["tls.example", "DNS:tls.example"],
    ["*.tls.example", "DNS:*.tls.example"],
    ["192.0.2.7", "IP:192.0.2.7"],
    ["2001:db8::7", "IP:2001:db8::7"],
  ] as const
) {
  Deno.test(`--self-signed=${name} serves a certificate for that name`, async () => {
    await using stud = await Stud.start([`--self-signed=${name}`, "-f", "127.0.0.1,0"]);
    const certificate = await servedCertificate(stud.port);
    assertEquals(certificate.subject.CN, name);
    assertEquals(names(certificate), [alternative]);
    assertStringIncludes(stud.stderr, `a certificate for ${name} was made`);
  });
}

Deno.test("all workers serve the same certificate, and every start makes another", async () => {
  const workers = Deno.build.os === "linux" ? "2" : "1";
  const fingerprints: Set<string>[] = [];
  for (let start = 0; start < 2; start++) {
    await using stud = await Stud.start(["--self-signed", "-f", "127.0.0.1,0", "-n", workers]);
    const certificates = Array.from({ length: 20 }, () => servedCertificate(stud.port));
    const own = (await Promise.all(certificates)).map((certificate) => certificate.fingerprint256);
    fingerprints.push(new Set(own));
  }
  assertEquals(fingerprints.map((own) => own.size), [1, 1]);
  assert(fingerprints[0]!.isDisjointFrom(fingerprints[1]!));
});

/** The certificate's names, with addresses as RFC 5952 writes them. */
function names(certificate: PeerCertificate): string[] {
  return (certificate.subjectaltname ?? "").split(", ").map((name) => {
    const [, address] = /^IP Address:(.*)$/.exec(name) ?? [];
    if (address === undefined) return name;
    return `IP:${new URL(`http://${formatHost(address)}/`).hostname.replace(/[\[\]]/g, "")}`;
  }).sort();
}

function formatHost(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** What a client is shown that trusts everything. */
async function servedCertificate(port: number): Promise<PeerCertificate> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  try {
    return await within(
      15_000,
      "a certificate",
      new Promise<PeerCertificate>((resolve, reject) => {
        socket.once("secureConnect", () => resolve(socket.getPeerCertificate()));
        socket.once("error", reject);
      }),
    );
  } finally {
    socket.destroy();
    await closed;
  }
}
