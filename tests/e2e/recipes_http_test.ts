/** docs/recipes.md: HTTP/2 by ALPN to HAProxy and nginx, and HTTP that is sent on to HTTPS. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Application } from "../support/application.ts";
import { freePort } from "../support/ports.ts";
import { Recipe } from "../support/recipe.ts";
import { isAtLeast, serveHaproxy, serveNginx } from "../support/recipe_servers.ts";
import { testWith } from "../support/tools.ts";

const NGINX = { tools: ["curl", "nginx", "openssl"], linux: true };
const HAPROXY = { tools: ["curl", "haproxy", "openssl"], linux: true };
const HTTP2_ON = isAtLeast("nginx", "1.25.1");

/** The recipe with free ports, and an application behind its server, whose port is returned. */
async function open(heading: string): Promise<{ recipe: Recipe; port: number }> {
  const recipe = await Recipe.open(heading);
  const port = freePort();
  recipe.replace("127.0.0.1:8080", `127.0.0.1:${port}`);
  recipe.replace("127.0.0.1,8080", `127.0.0.1,${port}`);
  recipe.replace("127.0.0.1:3000", `127.0.0.1:${recipe.use(new Application()).port}`);
  recipe.replace("'*,443'", "127.0.0.1,0");
  recipe.curlOption("interface = 127.0.0.5");
  return { recipe, port };
}

/** What the application learns of a client that uses this version of HTTP. */
async function learned(recipe: Recipe, version: string): Promise<string> {
  return (await recipe.shell(`curl -sS --http${version} https://example.org/`)).stdout;
}

async function followsInBothVersions(recipe: Recipe): Promise<void> {
  const stud = await recipe.stud();
  recipe.route("example.org:443", stud.port);
  await recipe.run("curl");
  for (const version of ["2", "1.1"]) {
    const headers = await learned(recipe, version);
    assertStringIncludes(headers, "host: example.org\n");
    assertStringIncludes(headers, "x-forwarded-for: 127.0.0.5\n");
    assertStringIncludes(headers, "x-forwarded-proto: https\n");
  }
  assertEquals(recipe.unused, []);
}

testWith(HAPROXY, "HTTP/2 and HTTP/1.1 go to one port of HAProxy", async () => {
  const { recipe, port } = await open("HTTP/2 to HAProxy");
  await using _ = recipe;
  await serveHaproxy(recipe, recipe.file("/etc/haproxy/haproxy.cfg"), port);
  await followsInBothVersions(recipe);
});

const FILE = "/etc/nginx/conf.d/example.conf";
if (HTTP2_ON) {
  testWith(NGINX, "HTTP/2 and HTTP/1.1 go to one port of nginx from 1.25.1 on", async () => {
    const { recipe, port } = await open("HTTP/2 to nginx");
    await using _ = recipe;
    await serveNginx(recipe, recipe.file(FILE), port);
    await followsInBothVersions(recipe);
  });
} else {
  // Debian 12 has no newer one. Then what the page says of the older ones is tested, and the rest of its recipe.
  console.log("nginx is older than 1.25.1: `http2 on` is not tested here");

  testWith(NGINX, "an older nginx with `listen … http2` breaks HTTP/1.1", async () => {
    const { recipe, port } = await open("HTTP/2 to nginx");
    await using _ = recipe;
    recipe.replace(`${port} proxy_protocol;`, `${port} proxy_protocol http2;`);
    recipe.replace("    http2 on;\n", "");
    await serveNginx(recipe, recipe.file(FILE), port);
    recipe.route("example.org:443", (await recipe.stud()).port);
    assertStringIncludes(await learned(recipe, "2"), "x-forwarded-for: 127.0.0.5\n");
    const { status, stderr } = await recipe.shell("curl -sS --http1.1 https://example.org/");
    assert(status?.code !== 0 && stderr.includes("HTTP/0.9"), stderr);
  });

  testWith(NGINX, "an older nginx without `http2` speaks HTTP/1.1 with every client", async () => {
    const { recipe, port } = await open("HTTP/2 to nginx");
    await using _ = recipe;
    recipe.replace("    http2 on;\n", "");
    recipe.replace("--alpn-protos h2,http/1.1", "");
    await serveNginx(recipe, recipe.file(FILE), port);
    recipe.route("example.org:443", (await recipe.stud()).port);
    for (const version of ["2", "1.1"]) {
      const headers = await learned(recipe, version);
      assertStringIncludes(headers, "host: example.org\n");
      assertStringIncludes(headers, "x-forwarded-for: 127.0.0.5\n");
      assertStringIncludes(headers, "x-forwarded-proto: https\n");
    }
  });
}

testWith({ ...NGINX, ipv6: true }, "nginx sends HTTP on to HTTPS, but no challenge", async () => {
  await using recipe = await Recipe.open("HTTP to HTTPS");
  const port = freePort();
  recipe.replace("listen 80 ", `listen 127.0.0.1:${port} `);
  recipe.replace("[::]:80", `[::1]:${port}`);
  await serveNginx(recipe, recipe.file("/etc/nginx/conf.d/redirect.conf"), port);
  recipe.route("example.org:80", port);
  await recipe.run("curl");
  recipe.write("/var/www/html/.well-known/acme-challenge/token", "challenge");
  const { stdout } = await recipe.shell("curl -sS example.org/.well-known/acme-challenge/token");
  assertEquals(stdout, "challenge");
  assertEquals(recipe.unused, ["/etc/haproxy/haproxy.cfg"]);
});

testWith({ ...HAPROXY, ipv6: true }, "HAProxy sends HTTP on to HTTPS", async () => {
  await using recipe = await Recipe.open("HTTP to HTTPS");
  const port = freePort();
  recipe.replace(":::80", `:::${port}`);
  await serveHaproxy(recipe, recipe.file("/etc/haproxy/haproxy.cfg"), port);
  recipe.route("example.org:80", port);
  await recipe.run("curl");
  assertEquals(recipe.unused, ["/etc/nginx/conf.d/redirect.conf"]);
});
