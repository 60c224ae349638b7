/** docs/recipes.md: what becomes of clients that ask for TLS in plaintext, and the tunnel that serves them. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, writeAll } from "../support/backend.ts";
import { Recipe } from "../support/recipe.ts";
import { Site } from "../support/site.ts";
import { receive } from "../support/tls_client.ts";
import { runTool } from "../support/tool_process.ts";
import { testWith } from "../support/tools.ts";

const HEADING = "What cannot work: STARTTLS";
const NEEDS = { tools: ["openssl"], linux: true };

// Clients of PostgreSQL before 17 begin as s_client does here, with SSLRequest.
testWith(NEEDS, "postgres, ldap: the client speaks first, and is ended at once", async () => {
  await using site = await Site.start();
  for (const client of await startTls(["postgres", "ldap"], site.port)) {
    assert(client.status?.code !== 0, client.report());
  }
  await site.stud.output(/not TLS/);
  assert(!/deadline/.test(site.stud.stdout), site.stud.report());
  assertEquals(site.backend.accepted, 0);
});

testWith(NEEDS, "smtp, imap, mysql: client and stud wait until the deadline", async () => {
  await using site = await Site.start({ args: ["--ssl-handshake-timeout", "1"] });
  for (const client of await startTls(["smtp", "imap", "mysql"], site.port)) {
    assert(client.status?.code !== 0, client.report());
  }
  await site.stud.output(/deadline/);
  assert(!/not TLS/.test(site.stud.stdout), site.stud.report());
  assertEquals(site.backend.accepted, 0);
});

testWith(NEEDS, "a tunnel carries a protocol in which the server speaks first", async () => {
  await using recipe = await Recipe.open(HEADING);
  await using server = Backend.serve(async (conn) => {
    await writeAll(conn, new TextEncoder().encode(GREETING));
    await conn.closeWrite();
  });
  recipe.replace("'*,3307'", "127.0.0.1,0");
  recipe.replace("-b 127.0.0.1,3306", `-b ${server.address}`);
  const outer = await recipe.stud("stud -f");
  // The machine itself does not trust the test's authority.
  const trust = `--backend-ca ${recipe.path("/authority.pem")}`;
  recipe.replace("-f 127.0.0.1,3306", `-f 127.0.0.1,0 ${trust}`);
  recipe.replace("example.org,3307", `localhost,${outer.port}`);
  const inner = await recipe.stud("stud --client");
  using client = await Deno.connect({ hostname: "127.0.0.1", port: inner.port });
  const { text, end } = await receive(client);
  assertEquals([text, end], [GREETING, "clean"]);
  assertEquals(recipe.unused, []);
});

/** Clients that ask for TLS in these protocols, after their end. */
function startTls(protocols: readonly string[], port: number) {
  return Promise.all(protocols.map((protocol) => {
    const how = ["s_client", "-starttls", protocol, "-connect", `127.0.0.1:${port}`];
    return runTool("openssl", how);
  }));
}

const GREETING = "8.0.36 is the version of a server that speaks first";
