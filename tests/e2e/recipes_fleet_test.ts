/** docs/recipes.md: several machines with one ticket secret. Here they are several studs on this machine. */

import { assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { Recipe } from "../support/recipe.ts";
import { testWith } from "../support/tools.ts";

testWith(
  { tools: ["openssl"], linux: true },
  "two machines resume each other's sessions",
  async () => {
    await using recipe = await Recipe.open("Several machines with shared tickets");
    await using backend = Backend.serve(echo);
    recipe.replace("'*,443'", "127.0.0.1,0");
    recipe.replace("127.0.0.1,8080", backend.address);
    // The other machine is another folder here.
    recipe.replace("scp -p ", "cp -p ");
    recipe.replace("web2.example.org:/", `${recipe.path("/web2")}/`);
    recipe.write(
      "/web2/etc/stud/example.pem",
      Deno.readTextFileSync(recipe.path("/etc/stud/example.pem")),
    );
    await recipe.run("(umask");
    const first = await recipe.stud();
    recipe.replace(recipe.path("/etc/stud/"), recipe.path("/web2/etc/stud/"));
    const second = await recipe.stud();
    recipe.replace("web1.example.org:443", `localhost:${first.port}`);
    recipe.replace("web2.example.org:443", `localhost:${second.port}`);
    Deno.mkdirSync(recipe.path("/tmp"));
    await recipe.run("openssl s_client");
    assertEquals(recipe.unused, []);
  },
);
