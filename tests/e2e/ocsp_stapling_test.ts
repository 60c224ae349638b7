/**
 * Stapled OCSP responses: from a pem-file block and from a directory, each with its own certificate. One stud has all
 * certificates whose blocks name responses, and one all whose responses are in a directory.
 */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { madeOcspResponse, refusedOcspResponse } from "../support/made_ocsp_responses.ts";
import { Shared } from "../support/shared.ts";
import { startError } from "../support/start_error.ts";
import { TLS_LIBRARY } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
/** Node asks for the response before it is known which of several certificates the client gets. */
const SEVERAL = { ...NEEDS, notOnNode: true };
const VERSIONS = ["-tls1_2", "-tls1_3"];
const NO_RESPONSE = "no response sent";

const block = new Shared(() =>
  Stapled.start("block", {
    one: { serialNumber: "0a0001" },
    two: { serialNumber: "0a0002", keyType: "rsa" },
    ...BOTH,
    rsaOfHalf: { serialNumber: "0b0003", keyType: "rsa", name: "half" },
    ecOfHalf: { keyType: "ec", name: "half" },
    bare: {},
  })
);
const directory = new Shared(() =>
  Stapled.start("directory", {
    one: { serialNumber: "0a0001" },
    two: { serialNumber: "0a0002", keyType: "rsa" },
    ...BOTH,
    old: { serialNumber: "0c0001", until: -1 },
    wrong: { serialNumber: "0c0002", about: "0c0003" },
    refused: { serialNumber: "0c0004", about: "refusal" },
    bare: {},
  })
);

for (const [from, shared] of [["block", block], ["directory", directory]] as const) {
  shared.test(
    NEEDS,
    `responses from a ${from} are stapled to their certificates`,
    async (stapled) => {
      for (const version of VERSIONS) {
        assertEquals(await stapled.serialNumber("one", [version]), "0A0001");
        assertEquals(await stapled.serialNumber("two", [version]), "0A0002");
        assertEquals(await stapled.serialNumber("bare", [version]), undefined);
      }
      const unasked = await stapled.site.handshake("one.example");
      assert(unasked.served && !/OCSP/.test(unasked.stdout), unasked.report);
    },
  );

  shared.test(
    SEVERAL,
    `RSA and ECDSA for one name have each its response from a ${from}`,
    async (stapled) => {
      for (const [algorithm, expected] of [["RSA", "0B0001"], ["ECDSA", "0B0002"]] as const) {
        const old = ["-tls1_2", "-cipher", `ECDHE+a${algorithm}`];
        const scheme = algorithm === "RSA" ? "rsa_pss_rsae_sha256" : "ecdsa_secp256r1_sha256";
        assertEquals(await stapled.serialNumber("both", old), expected);
        assertEquals(await stapled.serialNumber("both", ["-tls1_3", "-sigalgs", scheme]), expected);
      }
    },
  );
}

block.test(
  SEVERAL,
  "of RSA and ECDSA for one name one may be without a response",
  async (stapled) => {
    const schemes = { rsa_pss_rsae_sha256: "0B0003", ecdsa_secp256r1_sha256: undefined };
    for (const [scheme, expected] of Object.entries(schemes)) {
      assertEquals(await stapled.serialNumber("half", ["-tls1_3", "-sigalgs", scheme]), expected);
    }
  },
);

block.test(NEEDS, "a resumed session is served all the same", async (stapled) => {
  for (const version of VERSIONS) {
    const session = `${stapled.folder.path}/session`;
    const first = ["-status", version, "-sess_out", session];
    assert((await stapled.site.handshake("one.example", first)).served);
    const again = await stapled.site.handshake("one.example", [
      ...["-status", version, "-sess_in", session],
    ]);
    assert(again.served && /^Reused, /m.test(again.stdout), again.report);
  }
});

directory.test(
  NEEDS,
  "stored responses that are no use are named and not stapled",
  async (stapled) => {
    for (const name of ["old", "wrong", "refused"]) {
      assertEquals(await stapled.serialNumber(name), undefined);
      await stapled.site.stud.everOutput(
        new RegExp(`warning: .*/${name}\\.ocsp: .*nothing is stapled`),
      );
    }
    assertEquals(await stapled.serialNumber("one"), "0A0001");
  },
);

testWith(NEEDS, "a named response about another certificate is a start error", async () => {
  using folder = new Folder();
  const authority = await Authority.make();
  const { pem } = await authority.issue({ names: ["one.example"], serialNumber: "0d0001" });
  const response = folder.write("response", responseFor(pem, "0d0002"));
  const certificate = folder.write("certificate", pem);
  const block = `pem-file = {\n cert = "${certificate}"\n ocsp-resp-file = "${response}"\n}\n`;
  const line = await startError(["-t", "--config", folder.write("stud.conf", block)]);
  for (const words of [response, certificate]) assertStringIncludes(line, words);
});

/** A certificate for `NAME.example` and its response. */
interface Wanted {
  /** In hexadecimal; undefined: it has no response. */
  readonly serialNumber?: string;
  readonly keyType?: "rsa" | "ec";
  /** Default: the key. */
  readonly name?: string;
  /** Days for which the response is still good. */
  readonly until?: number;
  /** The serial number that the response is about, or a `refusal`; default: the certificate's. */
  readonly about?: string;
}

/** Certificates of both kinds for one name. */
const BOTH: Readonly<Record<string, Wanted>> = TLS_LIBRARY === "node" ? {} : {
  rsa: { serialNumber: "0b0001", keyType: "rsa", name: "both" },
  ec: { serialNumber: "0b0002", keyType: "ec", name: "both" },
};

/** A stud with responses. */
class Stapled extends SharedTlsSite {
  static async start(
    from: "block" | "directory",
    all: Readonly<Record<string, Wanted>>,
  ): Promise<Stapled> {
    const folder = new Folder();
    const authority = await Authority.make();
    const lines: string[] = [];
    Deno.mkdirSync(`${folder.path}/ocsp`);
    for (const [key, wanted] of Object.entries(all)) {
      const { serialNumber, keyType, name = key, about = serialNumber, until } = wanted;
      const names = [`${name}.example`];
      const { pem } = await authority.issue({ names, keyType, serialNumber, commonName: key });
      const certificate = folder.write(`${key}.pem`, pem);
      const place = from === "block" ? key : `ocsp/${key}`;
      const response = about && folder.write(`${place}.ocsp`, responseFor(pem, about, until));
      const more = from === "block" && response ? ` ocsp-resp-file = "${response}"\n` : "";
      lines.push(`pem-file = {\n cert = "${certificate}"\n${more}}\n`);
    }
    const configuration = folder.write("stud.conf", lines.join(""));
    const directory = from === "block" ? [] : ["--ocsp-dir", `${folder.path}/ocsp`];
    return new Stapled(await TlsSite.start(["--config", configuration, ...directory]), folder);
  }

  /** Of the certificate that the stapled response is about; undefined: no response came. */
  async serialNumber(name: string, args: readonly string[] = []): Promise<string | undefined> {
    const client = await this.site.handshake(`${name}.example`, ["-status", ...args]);
    assert(client.served, client.report);
    if (client.stdout.includes(`OCSP response: ${NO_RESPONSE}`)) return undefined;
    assertStringIncludes(client.stdout, "OCSP Response Status: successful", client.report);
    return /Serial Number: (\w+)/.exec(client.stdout)?.[1];
  }
}

function responseFor(certificate: string, about: string, days = 7): Uint8Array {
  if (about === "refusal") return refusedOcspResponse(6);
  const day = 86_400_000;
  return madeOcspResponse({
    about: certificate,
    serialNumber: about,
    thisUpdate: new Date(Date.now() - 3 * day),
    nextUpdate: new Date(Date.now() + days * day),
  });
}
