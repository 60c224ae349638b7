/** What the backend reads before the first octet of plaintext, to the octet. */

import { assertEquals } from "../support/assert.ts";
import { Backend } from "../support/backend.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { receive, send } from "../support/tls_client.ts";
import { Folder } from "../support/tls_site.ts";
import { hasIpv6, testWith } from "../support/tools.ts";

/** The frontends of the studs, by their index. */
const FRONTENDS = ["127.0.0.1,0", "*,0", "0.0.0.0,0", ...hasIpv6() ? ["[::1]:0"] : []];
const [IPV4, ANY, ANY_IPV4, IPV6] = [0, 1, 2, 3];

/** A frontend, how a client reaches it, and the addresses that the backend must be told. */
const WAYS = [
  { what: "an IPv4 client", frontend: IPV4, to: "127.0.0.1", ip: [2, 127, 0, 0, 1] },
  { what: "an IPv6 client", frontend: IPV6, to: "::1", ip: [10, ...zeros(15), 1] },
  { what: "an IPv4 client of *", frontend: ANY, to: "127.0.0.1", ip: [2, 127, 0, 0, 1] },
  { what: "an IPv6 client of *", frontend: ANY, to: "::1", ip: [10, ...zeros(15), 1] },
];

const octets = new Shared(() => Site.start({ args: ["--write-ip", ...frontends()] }));
/** By the other name of `--write-proxy`. */
const lines = new Shared(() => Site.start({ args: ["--write-proxy-v1", ...frontends()] }));

for (const { what, frontend, to, ip } of WAYS) {
  const needs = { ipv6: to === "::1" };
  octets.test(needs, `--write-ip sends family and address of ${what}`, async (site) => {
    const { bytes } = await firstOctets(site, frontend, to);
    assertEquals(bytes, [...ip, ...new TextEncoder().encode("plaintext")]);
  });

  lines.test(needs, `--write-proxy-v1 sends the line for ${what}`, async (site) => {
    const { text, port, own } = await firstOctets(site, frontend, to);
    const family = to === "::1" ? "TCP6" : "TCP4";
    assertEquals(text, `PROXY ${family} ${to} ${to} ${own} ${port}\r\nplaintext`);
  });
}

lines.test(
  { linux: true },
  "--write-proxy-v1 sends the address the client connected to, not the one bound",
  async (site) => {
    const { text, port, own } = await firstOctets(site, ANY_IPV4, "127.0.0.2");
    assertEquals(text, `PROXY TCP4 127.0.0.1 127.0.0.2 ${own} ${port}\r\nplaintext`);
  },
);

testWith(
  {},
  "a unix socket backend gets the preface of --write-proxy, and the plaintext",
  async () => {
    using folder = new Folder();
    const backend = Backend.listen(`${folder.path}/backend.sock`);
    await using site = await Site.start({ args: ["--write-proxy"], backend });
    const { text, port, own } = await firstOctets(site, IPV4, "127.0.0.1");
    assertEquals(text, `PROXY TCP4 127.0.0.1 127.0.0.1 ${own} ${port}\r\nplaintext`);
  },
);

/** What the backend reads of a client that says "plaintext", and both ports of that client. */
async function firstOctets(site: Site, frontend: number, to: string) {
  const port = site.stud.ports[frontend]!;
  const tcp = await Deno.connect({ hostname: to, port });
  const caCerts = [site.pem.certificate];
  using client = await Deno.startTls(tcp, { hostname: "localhost", caCerts });
  await send(client, "plaintext");
  await client.closeWrite();
  const { bytes, text } = await receive(await site.backend.accept());
  const own = (client.localAddr as Deno.NetAddr).port;
  return { bytes: [...bytes], text, port, own };
}

/** All but the first, which a site has of itself. */
function frontends(): string[] {
  return FRONTENDS.slice(1).flatMap((each) => ["-f", each]);
}

function zeros(count: number): number[] {
  return Array<number>(count).fill(0);
}
