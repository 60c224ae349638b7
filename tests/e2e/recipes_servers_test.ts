/** docs/recipes.md: servers of other protocols that begin with TLS, and their own clients. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { ImapServer } from "../support/imap_server.ts";
import { freePort } from "../support/ports.ts";
import { connectDirectly, PostgresServer } from "../support/postgres.ts";
import { Recipe } from "../support/recipe.ts";
import { serve } from "../support/recipe_servers.ts";
import { hasTool, testWith } from "../support/tools.ts";

const REDIS = { tools: ["redis-server", "redis-cli", "openssl"], linux: true };
testWith(REDIS, "redis-cli speaks to Redis", async () => {
  await using recipe = await Recipe.open("Redis");
  const port = freePort();
  recipe.replace("port 6379", `port ${port}`);
  recipe.replace("127.0.0.1,6379", `127.0.0.1,${port}`);
  recipe.replace("'*,6380'", "127.0.0.1,0");
  const args = [recipe.file("/etc/redis/redis.conf"), "--save", "", "--dir", recipe.folder];
  await serve(recipe, "redis-server", args, port);
  recipe.replace("-h example.org -p 6380", `-h localhost -p ${(await recipe.stud()).port}`);
  await recipe.run("redis-cli");
  assertEquals(recipe.unused, []);
});

const MQTT = { tools: ["mosquitto", "mosquitto_passwd", "mosquitto_pub", "openssl"], linux: true };
testWith(MQTT, "mosquitto_sub gets what mosquitto_pub sent", async () => {
  await using recipe = await Recipe.open("MQTT with Mosquitto");
  const port = freePort();
  recipe.replace("listener 1883", `listener ${port}`);
  recipe.replace("127.0.0.1,1883", `127.0.0.1,${port}`);
  recipe.replace("'*,8883'", "127.0.0.1,0");
  Deno.mkdirSync(recipe.path("/etc/mosquitto"));
  await recipe.run("mosquitto_passwd");
  // The password file is in a folder of this user.
  const file = recipe.file("/etc/mosquitto/conf.d/stud.conf", `user ${userName()}\n`);
  await serve(recipe, "mosquitto", ["-c", file], port);
  recipe.replace("-h example.org -p 8883", `-h localhost -p ${(await recipe.stud()).port}`);
  await recipe.run("mosquitto_pub");
  assertEquals(recipe.unused, []);
});

/** The recipe with a free port for the server, and a client with an address that is not the server's own. */
async function openImap(): Promise<{ recipe: Recipe; port: number; file: string }> {
  const recipe = await Recipe.open("IMAPS with Dovecot");
  const port = freePort();
  recipe.replace("port = 1143", `port = ${port}`);
  recipe.replace("127.0.0.1,1143", `127.0.0.1,${port}`);
  recipe.replace("'*,993'", "127.0.0.1,0");
  // To Dovecot, clients on its own address are secured without TLS.
  recipe.curlOption("interface = 127.0.0.5");
  return { recipe, port, file: recipe.file("/etc/dovecot/conf.d/99-stud.conf") };
}

async function readsMail(recipe: Recipe): Promise<void> {
  recipe.route("example.org:993", (await recipe.stud()).port);
  await recipe.run("curl");
  assertEquals(recipe.unused, []);
}

if (hasTool("dovecot")) {
  const IMAP = { tools: ["curl", "openssl"], root: true, linux: true };
  testWith(IMAP, "curl reads mail from Dovecot, which knows of the TLS", async () => {
    const { recipe, port, file } = await openImap();
    await using _ = recipe;
    const main = recipe.write("/etc/dovecot/dovecot.conf", dovecot(recipe.folder, file));
    Deno.chmodSync(recipe.folder, 0o755);
    Deno.mkdirSync(recipe.path("/mail"));
    Deno.chownSync(recipe.path("/mail"), 65534, 65534);
    const server = await serve(recipe, "dovecot", ["-F", "-c", main], port);
    await readsMail(recipe);
    await server.output(/Login: user=<ann>, .*rip=127\.0\.0\.5, .*\bsecured\b/);
  });
} else {
  // CI goes without: its installation takes longer than all the tests of the recipes.
  console.log(
    "Dovecot is not installed: a stand-in takes its place, its configuration is not tested",
  );

  testWith({ tools: ["curl", "openssl"], linux: true }, "curl reads mail by TLS", async () => {
    const { recipe, port, file } = await openImap();
    await using _ = recipe;
    assertStringIncludes(Deno.readTextFileSync(file), `port = ${port}\n    haproxy = yes\n`);
    const server = recipe.use(new ImapServer(port));
    await readsMail(recipe);
    assertEquals(server.logins, ["127.0.0.5"]);
  });
}

function userName(): string {
  return new TextDecoder().decode(new Deno.Command("id", { args: ["-un"] }).outputSync().stdout)
    .trim();
}

/** What Debian's own files say already, and one user with a password. */
function dovecot(folder: string, file: string): string {
  return `
protocols = imap
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = /dev/stderr
mail_location = maildir:${folder}/mail
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=${folder}/home
}
!include ${file}
`;
}

/** The client of version 17, which Debian 12 does not have, and the server are stand-ins that speak the first bytes. */
testWith(
  { tools: ["openssl"], linux: true },
  "a client of PostgreSQL 17 begins with TLS",
  async () => {
    await using recipe = await Recipe.open("PostgreSQL 17 with direct TLS");
    const server = recipe.use(new PostgresServer());
    recipe.replace("'*,5433'", "127.0.0.1,0");
    recipe.replace("127.0.0.1,5432", server.address);
    recipe.replace("example.org", "localhost");
    const { port } = await recipe.stud();
    const [, conninfo] = await recipe.words(recipe.text("psql").trim());
    const info = Object.fromEntries(conninfo!.split(" ").map((word) => word.split("=")));
    await connectDirectly(info, port, Deno.readTextFileSync(recipe.path("/authority.pem")));
    assertEquals(server.startups, [["user", info.user, "database", info.dbname]]);
    assertEquals(recipe.unused, ["host  all  all  127.0.0.1/32  scram-sha-256"]);
  },
);
