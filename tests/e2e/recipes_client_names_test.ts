/** docs/recipes.md: the name in a client's certificate comes to the application in a header. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Application } from "../support/application.ts";
import { Backend } from "../support/backend.ts";
import { within } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { decodeProxyV2 } from "../support/proxy_v2_decoder.ts";
import { Recipe } from "../support/recipe.ts";
import { isAtLeast, serveHaproxy, serveNginx } from "../support/recipe_servers.ts";
import { testWith } from "../support/tools.ts";

const HEADING = "The name of a client certificate in a header";
const FILES = {
  nginx: "/etc/nginx/conf.d/example.conf",
  haproxy: "/etc/haproxy/haproxy.cfg",
  lua: "/etc/haproxy/client_name.lua",
};
const NGINX = { tools: ["curl", "nginx", "openssl"], linux: true };
const HAPROXY = { tools: ["curl", "haproxy", "openssl"], linux: true };
const NGINX_KNOWS_NAMES = isAtLeast("nginx", "1.23.2");
const HAPROXY_KNOWS_TLVS = isAtLeast("haproxy", "2.9");

/** The recipe with its certificates made, and stud in front of this port. */
async function open(port: number): Promise<Recipe> {
  const recipe = await Recipe.open(HEADING);
  recipe.replace("127.0.0.1:8080", `127.0.0.1:${port}`);
  recipe.replace("127.0.0.1,8080", `127.0.0.1,${port}`);
  recipe.replace("127.0.0.1:3000", `127.0.0.1:${recipe.use(new Application()).port}`);
  recipe.replace("'*,443'", "127.0.0.1,0");
  await recipe.run("openssl");
  recipe.route("example.org:443", (await recipe.stud()).port);
  return recipe;
}

/** Fails unless the application learns this name, whatever the client itself claims. */
async function followed(recipe: Recipe, name = "Alice Example"): Promise<void> {
  const command = recipe.text("curl").trim();
  for (const claim of ["", " -H 'X-Client-Name: mallory'"]) {
    const { stdout } = await recipe.shell(command + claim);
    assertEquals(stdout.match(/^x-client-name: .*$/mg), [`x-client-name: ${name}`]);
  }
}

if (NGINX_KNOWS_NAMES) {
  testWith(NGINX, "nginx passes on the name from 1.23.2 on", async () => {
    const port = freePort();
    await using recipe = await open(port);
    await serveNginx(recipe, recipe.file(FILES.nginx), port);
    await followed(recipe);
    assertEquals(recipe.unused, [FILES.lua, FILES.haproxy]);
  });
} else {
  // Debian 12 has no newer one.
  console.log("nginx is older than 1.23.2: $proxy_protocol_tlv_ssl_cn is not tested here");

  testWith(NGINX, "nginx puts what it knows in place of what a client claims", async () => {
    const port = freePort();
    await using recipe = await open(port);
    recipe.replace("$proxy_protocol_tlv_ssl_cn", "$proxy_protocol_addr");
    await serveNginx(recipe, recipe.file(FILES.nginx), port);
    await followed(recipe, "127.0.0.1");
    assertEquals(recipe.unused, [FILES.lua, FILES.haproxy]);
  });
}

if (HAPROXY_KNOWS_TLVS) {
  testWith(HAPROXY, "HAProxy passes on the name from 2.9 on", async () => {
    const port = freePort();
    await using recipe = await open(port);
    recipe.file(FILES.lua);
    await serveHaproxy(recipe, recipe.file(FILES.haproxy), port);
    await followed(recipe);
    assertEquals(recipe.unused, [FILES.nginx]);
  });
} else {
  // Debian 12 has no newer one. What HAProxy would hand to the Lua file is then given to it by another way.
  console.log("HAProxy is older than 2.9: fc_pp_tlv is not tested here");
}

testWith(HAPROXY, "the Lua file finds the name in what stud sends", async () => {
  await using backend = Backend.listen();
  const [, behind] = backend.address.split(",");
  await using recipe = await open(Number(behind));
  const tls = await tlsPartOf(backend, recipe.shell(`${recipe.text("curl").trim()} || true`));
  const port = freePort();
  recipe.file(FILES.lua);
  recipe.replace(`127.0.0.1:${behind} accept-proxy`, `127.0.0.1:${port}`);
  recipe.replace("fc_pp_tlv(0x20)", "req.hdr(x-tls),url_dec");
  await serveHaproxy(recipe, recipe.file(FILES.haproxy), port);
  const encoded = Array.from(tls, (byte) => `%${byte.toString(16).padStart(2, "0")}`);
  const header = `X-Tls: ${encoded.join("")}`;
  const { stdout } = await recipe.shell(`curl -sS -H '${header}' http://127.0.0.1:${port}/`);
  assertStringIncludes(stdout, "x-client-name: Alice Example\n");
});

/** The value of PP2_TYPE_SSL that the backend is sent for this client. */
async function tlsPartOf(backend: Backend, client: Promise<unknown>): Promise<Uint8Array> {
  const conn = await backend.accept();
  const bytes = new Uint8Array(4096);
  const count = await within(10_000, "the header", conn.read(bytes));
  conn.close();
  await client;
  const { tlvs } = decodeProxyV2(bytes.subarray(0, count!));
  return tlvs.find(({ type }) => type === 0x20)!.value;
}
