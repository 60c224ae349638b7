/** A worker's configuration through the control pipe: the same on both sides, and each certificate once. */

import { readRequests } from "../../../src/control/message_lines.ts";
import type { WorkerConfiguration } from "../../../src/control/messages.ts";
import {
  stateFrame,
  ToldKeys,
  unpackConfiguration,
} from "../../../src/control/packed_configuration.ts";
import { KeyBytes } from "../../../src/key_bytes.ts";
import type { TlsConfiguration } from "../../../src/tls/tls_configuration.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { join } from "../../support/client_hello.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";
import { CONFIGURATION, stateOf } from "../../support/worker_configuration.ts";

const decoder = new TextDecoder();

function lineOf(configuration: WorkerConfiguration): string {
  return decoder.decode(
    join(stateFrame("start", 1, stateOf(configuration), configuration.index).line),
  );
}

async function throughThePipe(
  configuration: WorkerConfiguration,
  told?: ToldKeys,
): Promise<WorkerConfiguration> {
  const { line, keys } = stateFrame("start", 1, stateOf(configuration), configuration.index);
  const text = decoder.decode(join(line));
  assertEquals(text.indexOf("\n"), text.length - 1);
  const stream = ReadableStream.from([join([...line, keys]), new TextEncoder().encode("{}\n")]);
  const messages = await Array.fromAsync(readRequests(stream));
  const [message, ...others] = messages;
  assert(message?.type === "start" && others.length === 0);
  return unpackConfiguration(message.configuration, message.parts, told);
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
  ciphers: "HIGH",
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
  const line = lineOf({ ...CONFIGURATION, frontends });
  assertEquals(line.split("own.pem").length, 2);
  assertEquals(line.split(`"${CERTIFICATE.source}"`).length, 2);
});

Deno.test("private keys are behind the line and not in it, each once", () => {
  const certificates = [CERTIFICATE, { ...CERTIFICATE, source: "b.pem" }].map((one) => ({
    ...one,
    privateKey: "SECRET",
  }));
  const tls = { ...TLS_CONFIGURATION, certificates };
  const { line, keys } = stateFrame("prepare", 1, stateOf({ tls }), 1);
  const text = decoder.decode(join(line));
  assert(!text.includes("SECRET"));
  assertEquals([decoder.decode(keys), JSON.parse(text).bytes], ["SECRET", [6]]);
  // Whoever has written them overwrites them, and the next worker gets them nevertheless.
  keys.fill(0);
  const again = stateFrame("start", 1, stateOf({ tls }), 1);
  assertEquals(decoder.decode(again.keys), "SECRET");
});

Deno.test("a key that is told again is the same object, and is overwritten again if it was", async () => {
  const told = new ToldKeys();
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

Deno.test("stateFrame() encodes the same TLS configuration once for all workers", () => {
  const line = (particular: Partial<WorkerConfiguration>) =>
    stateFrame("start", 1, stateOf(particular), particular.index ?? 1).line;
  const tls = { ...TLS_CONFIGURATION };
  const [first, second] = [1, 2].map((index) => line({ index, tls }));
  assert(first!.some((bytes) => bytes.length > 100 && second!.includes(bytes)));
  assert(!join(first!).every((byte, at) => byte === join(second!)[at]));
  // Another one is not taken for it, although it says the same; nor are other frontends.
  assert(!line({ tls: { ...tls } }).some((bytes) => first!.includes(bytes)));
  const frontends = [{ host: "::", port: 1, tls: OWN }];
  assert(!line({ tls, frontends }).some((bytes) => first!.includes(bytes)));
});
