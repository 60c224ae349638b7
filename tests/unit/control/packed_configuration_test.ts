/** A worker's configuration through the control pipe: the same on both sides, and each certificate once. */

import { decodeMessage } from "../../../src/control/message_lines.ts";
import type { SupervisorMessage, WorkerConfiguration } from "../../../src/control/messages.ts";
import {
  configurationLine,
  unpackConfiguration,
} from "../../../src/control/packed_configuration.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { join } from "../../support/client_hello.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";
import { CONFIGURATION } from "../../support/worker_configuration.ts";

function throughThePipe(configuration: WorkerConfiguration): WorkerConfiguration {
  const line = new TextDecoder().decode(join(configurationLine("start", configuration)));
  assertEquals(line.indexOf("\n"), line.length - 1);
  const message = decodeMessage<SupervisorMessage>(line);
  assert(message?.type === "start");
  return unpackConfiguration(message.configuration);
}

/** JSON has no undefined. */
const asJson = (value: unknown) => JSON.parse(JSON.stringify(value));

const OWN = {
  ...TLS_CONFIGURATION,
  ciphers: "HIGH",
  certificates: [
    { ...TLS_CONFIGURATION.certificates[0]!, source: "own.pem" },
    TLS_CONFIGURATION.certificates[0]!,
  ],
};

Deno.test("a configuration is the same on the other side of the pipe", () => {
  const certificates = [{ ...TLS_CONFIGURATION.certificates[0]!, source: 'a "ü" 🦕\n.pem' }];
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
  ];
  for (const configuration of variants) {
    assertEquals(asJson(throughThePipe(configuration)), asJson(configuration));
  }
});

Deno.test("what frontends share goes through the pipe once, and is shared on the other side", () => {
  const frontends = [
    { host: "::", port: 1, tls: OWN },
    { host: "::", port: 2, tls: OWN },
    { host: "::", port: 3 },
  ];
  const unpacked = throughThePipe({ ...CONFIGURATION, frontends });
  const [first, second, third] = unpacked.frontends;
  assert(first!.tls !== undefined && first!.tls === second!.tls);
  assertEquals(third!.tls, undefined);
  assert(first!.tls.certificates[1] === unpacked.tls.certificates[0]);
  const line = new TextDecoder().decode(join(configurationLine("start", unpacked)));
  assertEquals(line.split("own.pem").length, 2);
  assertEquals(line.split(TLS_CONFIGURATION.certificates[0]!.source).length, 2);
});

Deno.test("configurationLine() encodes the same TLS configuration once for all workers", () => {
  const tls = { ...TLS_CONFIGURATION };
  const [first, second] = [1, 2].map((index) =>
    configurationLine("start", { ...CONFIGURATION, index, tls })
  );
  assert(first!.some((octets) => octets.length > 100 && second!.includes(octets)));
  assert(!join(first!).every((octet, at) => octet === join(second!)[at]));
  // Another one is not taken for it, although it says the same; nor are other frontends.
  const other = configurationLine("start", { ...CONFIGURATION, tls: { ...tls } });
  assert(!other.some((octets) => first!.includes(octets)));
  const frontends = [{ host: "::", port: 1, tls: OWN }];
  const more = configurationLine("start", { ...CONFIGURATION, tls, frontends });
  assert(!more.some((octets) => first!.includes(octets)));
});
