/** What the backend reads before the first octet of plaintext, to the octet. */

import { assertEquals } from "../support/assert.ts";
import { Backend } from "../support/backend.ts";
import { Site } from "../support/site.ts";
import { receive, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

/** A frontend, how a client reaches it, and the addresses that the backend must be told. */
const WAYS = [
  { what: "an IPv4 client", frontend: "127.0.0.1,0", to: "127.0.0.1", ip: [2, 127, 0, 0, 1] },
  { what: "an IPv6 client", frontend: "[::1]:0", to: "::1", ip: [10, ...zeros(15), 1] },
  { what: "an IPv4 client of *", frontend: "*,0", to: "127.0.0.1", ip: [2, 127, 0, 0, 1] },
  { what: "an IPv6 client of *", frontend: "*,0", to: "::1", ip: [10, ...zeros(15), 1] },
];

for (const { what, frontend, to, ip } of WAYS) {
  testWith({ ipv6: to === "::1" }, `--write-ip sends family and address of ${what}`, async () => {
    const { bytes } = await firstOctets({ frontend, to, args: ["--write-ip"] });
    assertEquals(bytes, [...ip, ...new TextEncoder().encode("plaintext")]);
  });

  testWith({ ipv6: to === "::1" }, `--write-proxy sends the line for ${what}`, async () => {
    const { bytes, port, own } = await firstOctets({ frontend, to, args: ["--write-proxy"] });
    const family = to === "::1" ? "TCP6" : "TCP4";
    const expected = `PROXY ${family} ${to} ${to} ${own} ${port}\r\nplaintext`;
    assertEquals(new TextDecoder().decode(new Uint8Array(bytes)), expected);
  });
}

Deno.test("--write-proxy-v1 is --write-proxy by another name", async () => {
  const way = { frontend: "127.0.0.1,0", to: "127.0.0.1", args: ["--write-proxy-v1"] };
  const { bytes, port, own } = await firstOctets(way);
  const line = `PROXY TCP4 127.0.0.1 127.0.0.1 ${own} ${port}\r\nplaintext`;
  assertEquals(new TextDecoder().decode(new Uint8Array(bytes)), line);
});

testWith(
  { linux: true },
  "--write-proxy sends the address the client connected to, not the one bound",
  async () => {
    const way = { frontend: "0.0.0.0,0", to: "127.0.0.2", args: ["--write-proxy"] };
    const { bytes, port, own } = await firstOctets(way);
    const line = `PROXY TCP4 127.0.0.1 127.0.0.2 ${own} ${port}\r\nplaintext`;
    assertEquals(new TextDecoder().decode(new Uint8Array(bytes)), line);
  },
);

Deno.test("without an option the backend reads plaintext from the first byte", async () => {
  const { bytes } = await firstOctets({ frontend: "127.0.0.1,0", to: "127.0.0.1", args: [] });
  assertEquals(new TextDecoder().decode(new Uint8Array(bytes)), "plaintext");
});

Deno.test("a unix socket backend gets the preface and the plaintext", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  const backend = Backend.listen(`${folder}/backend.sock`);
  try {
    const way = { frontend: "127.0.0.1,0", to: "127.0.0.1", args: ["--write-proxy"], backend };
    const { bytes, port, own } = await firstOctets(way);
    const line = `PROXY TCP4 127.0.0.1 127.0.0.1 ${own} ${port}\r\nplaintext`;
    assertEquals(new TextDecoder().decode(new Uint8Array(bytes)), line);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

interface Way {
  readonly frontend: string;
  readonly to: string;
  readonly args: readonly string[];
  readonly backend?: Backend;
}

/** What the backend reads of a client that says "plaintext", and both ports of that client. */
async function firstOctets({ to, ...options }: Way) {
  await using site = await Site.start(options);
  const { port } = site;
  const tcp = await Deno.connect({ hostname: to, port });
  const caCerts = [site.pem.certificate];
  using client = await Deno.startTls(tcp, { hostname: "localhost", caCerts });
  await send(client, "plaintext");
  await client.closeWrite();
  const { bytes } = await receive(await site.backend.accept());
  const own = (client.localAddr as Deno.NetAddr).port;
  return { bytes: [...bytes], port, own };
}

function zeros(count: number): number[] {
  return Array<number>(count).fill(0);
}
