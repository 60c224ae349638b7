/** A worker's configuration through the control pipe: the same on both sides, and each certificate once. */

import { readRequests } from "../../../src/control/message_lines.ts";
import type { WorkerConfiguration } from "../../../src/control/messages.ts";
import {
  certificateChunks,
  ReceivedKeys,
  stateFrame,
  unpackCertificates,
  unpackConfiguration,
} from "../../../src/control/packed_configuration.ts";
import { KeyBytes } from "../../../src/x509/key_bytes.ts";
import type { TlsConfiguration } from "../../../src/tls/tls_configuration.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { engineWith, TLS_CONFIGURATION } from "../../support/tls_configuration.ts";
import { CONFIGURATION, frameBytes, stateOf } from "../../support/worker_configuration.ts";

const decoder = new TextDecoder();

function bytesOf(configuration: WorkerConfiguration): Uint8Array<ArrayBuffer> {
  return frameBytes(stateFrame("start", 1, stateOf(configuration), configuration.index));
}

async function throughThePipe(
  configuration: WorkerConfiguration,
  told = new ReceivedKeys(),
): Promise<WorkerConfiguration> {
  const stream = ReadableStream.from([
    bytesOf(configuration),
    new TextEncoder().encode('{"type":"ping","id":2}\n'),
  ]);
  const [message, next, ...others] = await Array.fromAsync(readRequests(stream));
  assert(message?.type === "start" && next?.type === "ping" && others.length === 0);
  return unpackConfiguration(message.configuration, unpackCertificates(message.certificates, told));
}

/** JSON has no undefined. Keys that came as bytes are shown as text. */
const asJson = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_, each) => each instanceof KeyBytes ? textOf(each) : each));

const textOf = (key: string | KeyBytes) =>
  typeof key === "string" ? key : decoder.decode(key.bytes);

const keyOf = ({ certificates }: TlsConfiguration, place = 0) => certificates[place]!.privateKey;

const CERTIFICATE = TLS_CONFIGURATION.certificates[0]!;
const OWN = {
  ...TLS_CONFIGURATION,
  ...engineWith({ ciphers: "HIGH" }),
  certificates: [{ ...CERTIFICATE, source: "own.pem" }, CERTIFICATE],
};

Deno.test("a configuration is the same on the other side of the pipe", async () => {
  const certificates = [
    { ...CERTIFICATE, source: 'a "ü" 🦕\n.pem', privateKey: "ü\n🦕{}\n", keyId: "1" },
    { ...CERTIFICATE, privateKey: "pkcs11:object=a", keyId: "2" },
    { ...CERTIFICATE, privateKey: "", keyId: "3" },
  ];
  const tls = { ...TLS_CONFIGURATION, certificates };
  const variants: WorkerConfiguration[] = [
    CONFIGURATION,
    { ...CONFIGURATION, tls },
    { ...CONFIGURATION, tls, steer: 4 },
    { ...CONFIGURATION, privileges: { chroot: "/srv/}}", uid: 0, gid: 0 } },
    {
      ...CONFIGURATION,
      frontends: [{ host: "::", port: 1, tls: OWN }, { host: "::", port: 2 }],
    },
    { ...CONFIGURATION, tls: { ...TLS_CONFIGURATION, certificates: [] } },
  ];
  for (const configuration of variants) {
    assertEquals(asJson(await throughThePipe(configuration)), asJson(configuration));
  }
});

Deno.test("what frontends share goes through the pipe once, and is shared on the other side", async () => {
  const frontends = [
    { host: "::", port: 1, tls: OWN },
    { host: "::", port: 2, tls: OWN },
    { host: "::", port: 3 },
  ];
  const unpacked = await throughThePipe({ ...CONFIGURATION, frontends });
  const [first, second, third] = unpacked.frontends;
  assert(first!.tls !== undefined && first!.tls === second!.tls);
  assertEquals(third!.tls, undefined);
  assert(first!.tls.certificates[1] === unpacked.tls.certificates[0]);
  assert(keyOf(first!.tls) === keyOf(unpacked.tls));
  const line = decoder.decode(bytesOf({ ...CONFIGURATION, frontends }));
  assertEquals(line.split("own.pem").length, 2);
  assertEquals(line.split(`"${CERTIFICATE.source}"`).length, 2);
});

Deno.test("private keys are in no line, each goes once, and what they were written from is overwritten", () => {
  const certificates = [CERTIFICATE, { ...CERTIFICATE, source: "b.pem" }].map((one) => ({
    ...one,
    privateKey: "SECRET",
  }));
  const tls = { ...TLS_CONFIGURATION, certificates };
  const frame = stateFrame("prepare", 1, stateOf({ tls }), 1);
  assert(!frame.line.includes("SECRET"));
  const text = decoder.decode(frameBytes(frame));
  assertEquals(text.split("SECRET").length, 2);
  for (const line of text.split("\n").filter((line) => line.startsWith("{"))) JSON.parse(line);
  const chunks = [...certificateChunks(frame.certificates)];
  assert(chunks.length > 0 && chunks.every((chunk) => chunk.every((byte) => byte === 0)));
});

Deno.test("thousands of certificates leave in pieces, a large one in a piece of its own", async () => {
  const chain = (length: number) => ({ ...CERTIFICATE, certificateChain: "c".repeat(length) });
  const certificates = [
    ...Array.from({ length: 2_000 }, (_, place) => ({ ...chain(700), keyId: `${place}` })),
    { ...chain(900_000), keyId: "large" },
    { ...chain(700), keyId: "last" },
  ];
  const tls = { ...TLS_CONFIGURATION, certificates };
  const { certificates: sent } = stateFrame("start", 1, stateOf({ tls }), 1);
  let largest = 0;
  for (const chunk of certificateChunks(sent.slice(0, 2_000))) {
    largest = Math.max(largest, chunk.length);
  }
  assert(largest > 10_000 && largest <= 256 << 10, `${largest}`);
  const unpacked = await throughThePipe({ ...CONFIGURATION, tls });
  assertEquals(
    unpacked.tls.certificates.map((
      { certificateChain, keyId },
    ) => [certificateChain.length, keyId]),
    certificates.map(({ certificateChain, keyId }) => [certificateChain.length, keyId]),
  );
});

Deno.test("a key that is sent again is the same object, and is overwritten again if it was", async () => {
  const told = new ReceivedKeys();
  const tls = { ...TLS_CONFIGURATION };
  const first = keyOf((await throughThePipe({ ...CONFIGURATION, tls }, told)).tls);
  assert(first instanceof KeyBytes);
  const second = keyOf((await throughThePipe({ ...CONFIGURATION, tls }, told)).tls);
  assert(first === second);
  told.wipeAgain();
  assertEquals(textOf(first), "key");
  const { bytes } = first;
  first.wipe();
  assertEquals([...bytes!, first.bytes], [0, 0, 0, undefined]);
  const third = keyOf((await throughThePipe({ ...CONFIGURATION, tls }, told)).tls);
  assertEquals([third === first, textOf(third)], [true, "key"]);
  told.wipeAgain();
  assertEquals(first.bytes, undefined);
  const others = [{ ...CERTIFICATE, keyId: "another" }];
  const other = await throughThePipe(
    { ...CONFIGURATION, tls: { ...tls, certificates: others } },
    told,
  );
  assert(keyOf(other.tls) !== first);
});
