/** Rules for clients. */

import { StartupError } from "../../../src/errors.ts";
import type { ClientSettings } from "../../../src/config/settings.ts";
import { ClientRulesReader } from "../../../src/plan/client_rules.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../support/assert.ts";
import { Authority } from "../../support/authority.ts";
import { made } from "../../support/made_certificates.ts";

const SETTINGS: ClientSettings = {
  verify: "required",
  authorities: "/ca",
  revocationLists: undefined,
  allowed: undefined,
};

/** Reads rules from files that are text, or DER. */
function readerOf(files: Readonly<Record<string, string | Uint8Array>>) {
  const reads: string[] = [];
  const read = (path: string) => {
    reads.push(path);
    const content = files[path];
    return content === undefined
      ? Promise.reject(new StartupError(`${path}: no such file`))
      : Promise.resolve(content);
  };
  const reader = new ClientRulesReader({
    readText: (path) => read(path) as Promise<string>,
    readBytes: async (path) => {
      const content = await read(path);
      return typeof content === "string" ? new TextEncoder().encode(content) : content;
    },
  });
  return {
    reads,
    read: (changes: Partial<ClientSettings>) => reader.read({ ...SETTINGS, ...changes }),
  };
}

async function refused(
  files: Readonly<Record<string, string | Uint8Array>>,
  changes: Partial<ClientSettings> = { revocationLists: "/crl" },
): Promise<string> {
  return (await assertRejects(() => readerOf(files).read(changes), StartupError)).message;
}

function der(pem: string): Uint8Array {
  return Uint8Array.from(atob(pem.replace(/-----.*?-----|\s/g, "")), (one) => one.charCodeAt(0));
}

Deno.test("read() reads a file once, however many rules name it", async () => {
  const { certificate } = await made();
  const { reads, read } = readerOf({ "/ca": certificate });
  for (const verify of ["required", "optional"] as const) {
    assertEquals(await read({ verify }), { verify, authorities: certificate });
  }
  assertEquals(reads, ["/ca"]);
});

Deno.test("read() needs no authorities where nothing is verified, and some where it is", async () => {
  const { read } = readerOf({});
  const allowedClients = [{ kind: "CN", value: "a" }] as const;
  assertEquals(await read({ verify: "none", allowed: allowedClients }), {
    verify: "none",
    authorities: "",
  });
  const { message } = await assertRejects(
    () => read({ authorities: undefined }),
    StartupError,
  );
  assertStringIncludes(message, "client-verify = required needs the authorities");
});

Deno.test("revocation lists come from the file of authorities and from one of their own", async () => {
  const [one, other] = [await Authority.make("One"), await Authority.make("Other")];
  const [ofOne, ofOther] = [await one.revoke(["1a"]), await other.revoke([])];
  const authorities = one.certificate + other.certificate;
  const files = { "/ca": one.certificate + ofOne + other.certificate, "/crl": ofOther };
  const rules = await readerOf(files).read({ revocationLists: "/crl" });
  assertEquals(rules.authorities.replace(/\s+/g, ""), authorities.replace(/\s+/g, ""));
  assertEquals(rules.revocationLists?.map(({ source, issuer }) => [source, issuer]), [
    ["/ca", "CN=One"],
    ["/crl", "CN=Other"],
  ]);
  const [first] = rules.revocationLists!;
  assertEquals(der(first!.pem), der(ofOne));
});

Deno.test("a revocation list may be in DER", async () => {
  const authority = await Authority.make("One");
  const files = { "/ca": authority.certificate, "/crl": der(await authority.revoke(["1a"])) };
  const { revocationLists } = await readerOf(files).read({ revocationLists: "/crl" });
  assertEquals(revocationLists?.length, 1);
});

Deno.test("what is no revocation list of the authorities is a start error", async () => {
  const [ours, other] = [await Authority.make("Ours"), await Authority.make("Other")];
  const [impostor, leaf] = [await Authority.make("Ours"), await ours.issue({ commonName: "leaf" })];
  const list = await ours.revoke(["1a"]);
  const ca = ours.certificate;
  assertStringIncludes(await refused({ "/ca": ca, "/crl": "" }), "/crl: the file is empty");
  assertStringIncludes(await refused({ "/ca": ca, "/crl": ca }), "/crl: no revocation list in it");
  assertStringIncludes(await refused({ "/ca": ca, "/crl": "text" }), "/crl: not a PEM file");
  assertStringIncludes(
    await refused({ "/ca": ca, "/crl": list.replace(/-----END.*/, "") }),
    "/crl: the X509 CRL block of line 1 has no end",
  );
  assertStringIncludes(
    await refused({ "/ca": ca, "/crl": list.replace(/\n[^-\n]{8}/, "\n????????") }),
    "/crl: revocation list 1 in it (line 1) is damaged: line 2 is not base64",
  );
  const noList = `-----BEGIN X509 CRL-----\n${btoa("no list")}\n-----END X509 CRL-----\n`;
  assertStringIncludes(
    await refused({ "/ca": ca, "/crl": list + noList }),
    "/crl: revocation list 2 in it is damaged",
  );
  assertEquals(
    await refused({ "/ca": ca, "/crl": await other.revoke([]) }),
    "/crl: revocation list 1 in it, of CN=Other, is from none of the authorities in /ca",
  );
  assertEquals(
    await refused({ "/ca": ca, "/crl": await impostor.revoke([]) }),
    "/crl: revocation list 1 in it, of CN=Ours, was not signed by the key that /ca has for that authority",
  );
  assertEquals(
    await refused({ "/ca": ca, "/crl": await ours.revoke([], { isDelta: true }) }),
    "/crl: revocation list 1 in it, of CN=Ours, has changes only (a delta CRL); give the whole list",
  );
  assertEquals(
    await refused({ "/ca": ca + await other.revoke([]) }, {}),
    "/ca: revocation list 1 in it, of CN=Other, is from none of the authorities in /ca",
  );
  assertStringIncludes(
    await refused({ "/ca": ca, "/crl": new Uint8Array((16 << 20) + 1) }),
    "/crl: larger than 16 MiB",
  );
  assertStringIncludes(await refused({ "/ca": ca }), "/crl: no such file");
  assertStringIncludes(
    await refused({ "/ca": ca, "/crl": leaf.certificate }),
    "/crl: no revocation list in it",
  );
});
