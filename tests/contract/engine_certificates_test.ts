/** The contract of a TLS engine: which certificate a client is served, by the name it asks for and what it can verify. */

import { checkCertificate } from "../../src/x509/certificate_file.ts";
import { ENGINES } from "../../src/tls/engines.ts";
import type { TlsConfiguration } from "../../src/tls/tls_configuration.ts";
import { parsePem, pemBytes } from "../../src/x509/pem.ts";
import { assertEquals } from "../support/assert.ts";
import { offering } from "../support/hello_samples.ts";
import { made } from "../support/made_certificates.ts";
import { engineWith, TLS_CONFIGURATION } from "../support/tls_configuration.ts";
import { EngineSite } from "./engine_site.ts";
import { platform } from "#contract-platform";

type Served = Readonly<Record<string, Awaited<ReturnType<typeof served>>>>;

/** Clients of TLS 1.2, whose server shows its certificate in clear, and the schemes they can verify. */
const CLIENTS = {
  "RSA": { ciphers: [0xc02f], signatures: [0x0401, 0x0804], groups: [23] },
  "ECDSA": { ciphers: [0xc02b], signatures: [0x0403], groups: [23] },
  "RSA by its schemes": { ciphers: [0xc02b, 0xc02f], signatures: [0x0401, 0x0804], groups: [23] },
  "all": { ciphers: [0xc02b, 0xc02f], signatures: [0x0403, 0x0401, 0x0804], groups: [23] },
} as const;

async function served(names: readonly string[], keyType: "rsa" | "ec", commonName?: string) {
  const { pem } = await made({ names, keyType, ...commonName !== undefined && { commonName } });
  return checkCertificate(pem, `${names[0] ?? commonName}.pem`);
}

let certificates: Promise<Served> | undefined;

/** Made once per test run; the last one is the default. */
function made4(): Promise<Served> {
  return certificates ??= (async () => ({
    exact: await served(["a.example"], "ec"),
    named: await served([], "rsa", "b.example"),
    wildcard: await served(["*.example"], "rsa"),
    ecWildcard: await served(["*.other.example", "x.example"], "ec"),
    byDefault: await served(["default.example"], "ec"),
  }))();
}

async function open(
  under: typeof platform.engines[number],
  options: Partial<TlsConfiguration> = {},
) {
  const all = await made4();
  const list = Object.values(all);
  const site = await EngineSite.open(under, {
    ...TLS_CONFIGURATION,
    ...options,
    certificates: list,
    defaultCertificate: list.length - 1,
  });
  /** Which one a client is shown, or the alert it gets. */
  const shown = async (client: keyof typeof CLIENTS, name?: string) => {
    const hello = { ...CLIENTS[client], ...name !== undefined && { name } };
    const conn = await site.connectRaw(offering(hello));
    const server = await site.accept();
    server.handshake().catch(() => {});
    const answer = new Uint8Array(16 << 10);
    let length = 0;
    // Alert, or everything up to ServerHelloDone.
    while (length < 7 || (answer[0] === 22 && !endsWithDone(answer.subarray(0, length)))) {
      const more = await conn.read(answer.subarray(length));
      if (more === null) break;
      length += more;
    }
    await site.reset(conn);
    if (answer[0] === 21) return answer[6];
    const text = hex(answer.subarray(0, length));
    return Object.keys(all).find((each) =>
      text.includes(hex(pemBytes(parsePem(all[each]!.certificateChain)[0]!)))
    );
  };
  return Object.assign(site, { shown });
}

function endsWithDone(bytes: Uint8Array): boolean {
  return [14, 0, 0, 0].every((byte, at) => bytes.at(at - 4) === byte);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const engines = platform.engines.filter(({ library }) => ENGINES[library].manyCertificates);

for (const under of engines) {
  platform.test(`${under.name}: a client gets the closest certificate that it can verify`, async () => {
    await using site = await open(under);
    assertEquals(await site.shown("all", "a.example"), "exact");
    assertEquals(await site.shown("RSA", "a.example"), "wildcard");
    assertEquals(await site.shown("RSA by its schemes", "a.example"), "wildcard");
    assertEquals(await site.shown("all", "b.example"), "named");
    assertEquals(await site.shown("ECDSA", "b.example"), "byDefault");
    assertEquals(await site.shown("ECDSA", "x.other.example"), "ecWildcard");
    assertEquals(await site.shown("ECDSA", "c.example"), "byDefault");
    // It can verify nothing there is: 40 is handshake_failure.
    assertEquals(await site.shown("RSA", "default.example.org"), 40);
    assertEquals(await site.shown("RSA", "x.other.example"), 40);
  });

  platform.test(`${under.name}: what is no name gets the default certificate`, async () => {
    await using site = await open(under);
    for (const name of ["127.0.0.1", "::1", "[::1]", "*.example", "a b", "ä.de", "a..b", ".", ""]) {
      assertEquals(await site.shown("all", name), "byDefault", name);
    }
    assertEquals(await site.shown("all", "_a.example"), "wildcard");
    assertEquals(await site.shown("all", "A.Example."), "exact");
  });

  platform.test(`${under.name}: where names must fit, what is none is refused`, async () => {
    await using site = await open(under, engineWith({ sniNomatchAbort: true }));
    for (const name of ["127.0.0.1", "::1", "[::1]", "*.example", "a b", "a..b", ""]) {
      assertEquals(await site.shown("all", name), 112, name);
    }
    assertEquals(await site.shown("all"), "byDefault");
    assertEquals(await site.shown("RSA", "a.example"), "wildcard");
    assertEquals(await site.shown("ECDSA", "b.example"), 40);
  });
}

for (const under of platform.engines) {
  platform.test(`${under.name}: a name with a NUL, or of 256 bytes, is refused`, async () => {
    await using site = await EngineSite.open(under);
    for (const name of ["a\0b", "a".repeat(256)]) {
      await site.connectRaw(offering({ ...CLIENTS.all, name }));
      assertEquals((await site.fault((await site.accept()).handshake())).kind, "handshake");
    }
  });
}
