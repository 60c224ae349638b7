/** Many files of certificates, whose keys are verified together. */

import { StartupError } from "../../../src/errors.ts";
import { BEFORE_COLLECTION, readFiles } from "../../../src/plan/certificate_files.ts";
import type { PlannedCertificate } from "../../../src/plan/planned_certificate.ts";
import { Quarantine } from "../../../src/plan/quarantine.ts";
import type { Files } from "../../../src/runtime/runtime.ts";
import { formatPem, parsePem, pemBytes } from "../../../src/x509/pem.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { FakeFiles } from "../../support/fake_runtime.ts";
import { made } from "../../support/made_certificates.ts";
import { settingsOf } from "../config/settings_of.ts";

const COUNT = 60;
const STATUS = {
  ...{ stamp: "", mode: undefined, isFile: true, size: 1 },
  ...{ isDirectory: false, isNamedPipe: false, isDevice: false },
};
const { clients } = settingsOf(["--tls-library=openssl", "a.pem"]);

function path(place: number): string {
  return `/${String(place).padStart(4, "0")}.pem`;
}

/** With one bit of the private number of a P-256 key in PKCS #8 changed. */
function damaged(pem: string): string {
  const [certificate, key] = parsePem(pem) as [{ text: string }, Parameters<typeof pemBytes>[0]];
  const bytes = pemBytes(key);
  bytes[40]! ^= 1;
  return certificate.text + formatPem(key.label, bytes);
}

async function reading(texts: Readonly<Record<number, string>>, count = COUNT) {
  const files = new FakeFiles();
  const { pem } = await made();
  const places = Array.from({ length: count }, (_, place) => place);
  for (const place of places) files.texts.set(path(place), texts[place] ?? pem);
  return (quarantine = new Quarantine(undefined), compactMemory?: () => Promise<void>) =>
    readFiles(places.map((place) => ({ certificate: path(place) })), {
      ...{ clients, files, clock: new ManualClock(), held: undefined, quarantine, compactMemory },
    });
}

Deno.test("readFiles() finds the same in many files as in each of them alone", async () => {
  const read = await reading({ 7: (await made({ keyType: "rsa" })).pem });
  const found = await read();
  assertEquals(found.map((one) => one!.source), Array.from({ length: COUNT }, (_, at) => path(at)));
  assert(found.every((one) => one !== undefined && "privateKey" in one));
  assertEquals([found[6]!.keyType, found[7]!.keyType], ["ec", "rsa"]);
});

Deno.test("readFiles() says which of many keys does not belong, as if it were alone", async () => {
  const [one, other] = [await made(), await made()];
  const read = await reading({ 5: one.certificate + other.key });
  assertEquals(
    (await assertRejects(() => read(), StartupError)).message,
    `${path(5)}: the private key (line ${
      one.certificate.split("\n").length
    }) does not belong to the ` +
      "certificate (line 1); give the key that the certificate was made for",
  );
});

// Node takes such a key.
Deno.test("readFiles() names the first bad file, be it a key that is not what it states", async () => {
  const bad = damaged((await made()).pem);
  const read = await reading({ 5: bad, 50: "not PEM" });
  const { message } = await assertRejects(() => read(), StartupError);
  assert(message.startsWith(`${path(5)}: the private key (line `), message);
  assert(message.endsWith("is damaged or of an unknown type"), message);
  const quarantine = new Quarantine([]);
  const found = await (await reading({ 5: bad }))(quarantine);
  assertEquals(found.map((one, at) => one === undefined ? at : -1).filter((at) => at >= 0), [5]);
  assertEquals(quarantine.lines.length, 1);
});

Deno.test("readFiles() collects garbage only among thousands of files", async () => {
  let collected = 0;
  const compact = () => Promise.resolve(void collected++);
  await (await reading({}))(undefined, compact);
  assertEquals(collected, 0);
  await (await reading({}, BEFORE_COLLECTION + 1))(undefined, compact);
  assertEquals(collected, 3);
});

Deno.test("readFiles() reads many files at once, and parses again only those that have changed", async () => {
  const { pem } = await made();
  const texts = Array.from({ length: COUNT }, () => pem);
  const files = new FakeFiles();
  const encoder = new TextEncoder();
  let readNow = 0;
  const quick: Files = Object.assign(files, {
    readNow(path: string, into: Uint8Array<ArrayBuffer>) {
      readNow++;
      const { written } = encoder.encodeInto(files.texts.get(path)!, into);
      return { bytes: into.subarray(0, written), status: STATUS };
    },
    readText: (path: string) => Promise.reject(new Error(`${path} was read in the usual way`)),
  });
  for (const [place, text] of texts.entries()) files.texts.set(path(place), text);
  const read = async (former?: readonly PlannedCertificate[]) =>
    await readFiles(texts.map((_, place) => ({ certificate: path(place) })), {
      ...{ clients, files: quick, clock: new ManualClock(), held: undefined },
      quarantine: new Quarantine(former),
    }) as PlannedCertificate[];
  const first = await read();
  assertEquals(readNow, COUNT);
  files.texts.set(path(7), (await made()).pem);
  const second = await read(first);
  const changed = second.flatMap((one, place) => one === first[place] ? [] : [place]);
  assertEquals(changed, [7]);
  assert(second[7]!.fingerprint !== first[7]!.fingerprint);
});
