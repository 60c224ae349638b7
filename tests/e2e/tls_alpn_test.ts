/** ALPN (RFC 7301): which protocol stud agrees on, and what becomes of clients that have none in common. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Shared } from "../support/shared.ts";
import { runTool } from "../support/tool_process.ts";
import { testWith } from "../support/tools.ts";
import { TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const NAME = "one.example";

const VERSIONS = ["-tls1_2", "-tls1_3"];

/** It has a frontend for each of the tests of it. */
const sites = new Shared(() => start(["--alpn-protos", "http/1.1,h2"], 4));

sites.test(NEEDS, "stud's order decides on the protocol", async (site) => {
  const cases: readonly (readonly [offered: string, chosen: string])[] = [
    ["http/1.1,h2", "http/1.1"],
    ["h2,http/1.1", "http/1.1"],
    ["h2", "h2"],
    ["spdy/1,h2", "h2"],
  ];
  for (const version of VERSIONS) {
    for (const [offered, chosen] of cases) {
      const { served, alpn, report } = await site.handshake(NAME, [version, "-alpn", offered]);
      const expected = [version, offered, true, chosen];
      assertEquals([version, offered, served, alpn], expected, report);
    }
  }
});

for (const version of VERSIONS) {
  sites.test(
    NEEDS,
    `${version}: clients with other protocols only are refused, and those without ALPN served`,
    async (site) => {
      const args = [version, "-alpn", "spdy/1"];
      const { served, stderr, report } = await site.handshake(NAME, args);
      assert(!served, report);
      assertStringIncludes(stderr, "alert number 120");
      await site.stud.output(
        /handshake failed: no application protocol \(ALPN\) in common \(client 127\.0\.0\.1:\d+ .* for one\.example[;)]/,
      );
      const without = await site.handshake(NAME, [version]);
      assertEquals([without.served, without.alpn], [true, undefined], without.report);
    },
  );
}

testWith(NEEDS, "without --alpn-protos ALPN is not answered", async () => {
  await using site = await start([]);
  for (const version of VERSIONS) {
    const { served, alpn, report } = await site.handshake(NAME, [version, "-alpn", "h2"]);
    assertEquals([version, served, alpn], [version, true, undefined], report);
  }
});

sites.test({ tools: ["curl"], linux: true }, "curl agrees on what stud offers", async (site) => {
  const curl = await runTool("curl", [
    ...["--silent", "--verbose", "--insecure", "--http2", `https://127.0.0.1:${site.port}/`],
  ]);
  assertEquals(curl.stdout, "served\n", curl.report());
  assert(/ALPN[:,] server (accepted|accepted to use) http\/1\.1/.test(curl.stderr), curl.report());
});

function start(options: readonly string[], frontends = 1): Promise<TlsSite> {
  return TlsSite.start([...options, `--self-signed=${NAME}`], { frontends });
}
