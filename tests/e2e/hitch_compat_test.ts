/** `--compat=hitch`: hitch's command line and configuration file are taken as they are, and answered so. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { answering, handshake } from "../support/handshake.ts";
import { Site } from "../support/site.ts";
import { runStud, Stud } from "../support/stud.ts";
import { Folder } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";

/** Runs stud under the name of hitch. On Node it is the script's name that counts, which a link would change. */
const AS_HITCH = ["bash", "-c", 'exec -a hitch "$@"', "bash"];

testWith({ linux: true, notOnNode: true }, "a program called hitch is hitch", async () => {
  const version = await runStud(["-V"], undefined, { prefix: AS_HITCH });
  assert(/^hitch \d+\.\d+\.\d+ \(stud /.test(version.stdout), version.stdout);
  const stud = await runStud(["-V", "--compat=none"], undefined, { prefix: AS_HITCH });
  assert(stud.stdout.startsWith("stud "), stud.stdout);
});

Deno.test("-t answers as hitch does", async () => {
  const authority = await Authority.make();
  using folder = new Folder();
  const pem = folder.write("a.pem", (await authority.issue({ commonName: "a.example" })).pem);
  const config = folder.write(
    "hitch.conf",
    `frontend = {
       host = "*"
       port = "443"
     }
     backend = "[127.0.0.1]:6086"    # Varnish
     pem-file = "${pem}"
     tls-protos = SSLv3 TLSv1.2
     ring-slots = 3
     ocsp-dir = ""`,
  );
  const good = await runStud(["--compat=hitch", "-t", `--config=${config}`]);
  assertEquals([good.code, good.stdout], [0, ""], good.stderr);
  assertStringIncludes(good.stderr, ":7:19: tls-protos: SSLv3 is left out");
  assertStringIncludes(good.stderr, ":8:19: ring-slots: ignored");
  assert(good.stderr.endsWith("hitch configuration looks ok.\n"), good.stderr);
  const bad = await runStud(["--compat=hitch", "-t"]);
  assertEquals([bad.code, bad.stdout], [1, ""], bad.stderr);
  assertStringIncludes(bad.stderr, "No x509 certificate PEM file specified");
});

testWith(
  { root: true, linux: true },
  "workers do not run as root unless they are meant to",
  async () => {
    const refused = await runStud(["--compat=hitch", "-f", "[127.0.0.1]:0", "--self-signed"]);
    assertEquals([refused.code, refused.stdout], [1, ""], refused.stderr);
    assertStringIncludes(refused.stderr, "Refusing to run workers as root");
  },
);

testWith(
  { tools: ["openssl"], linux: true },
  "certificates and frontends of the command line are added to those of the file",
  async () => {
    const authority = await Authority.make();
    using first = await authority.file({ commonName: "first.example" });
    using last = await authority.file({ commonName: "last.example" });
    using folder = new Folder();
    await using backend = answering();
    const config = folder.write(
      "hitch.conf",
      `frontend = "[127.0.0.1]:0"\nbackend = "${backend.address.replace(/^(.*),/, "[$1]:")}"\n` +
        `pem-file = "${first.path}"\n`,
    );
    const args = ["--compat=hitch", `--config=${config}`, "-f", "[127.0.0.1]:0", ...user()];
    await using stud = await Stud.start([...args, last.path]);
    const ports = [...stud.stdout.matchAll(/127\.0\.0\.1:(\d+)(?= and |,)/g)].map(([, port]) =>
      Number(port)
    );
    for (const port of ports.slice(0, 2)) {
      const byName = await handshake(port, "first.example");
      assertEquals(byName.certificate, "first.example", byName.report);
      assertEquals((await handshake(port, undefined)).certificate, "last.example");
    }
  },
);

testWith({ linux: true }, "SIGTERM ends stud at once, even with clients connected", async () => {
  await using site = await Site.start({ args: ["--compat=hitch", ...user()] });
  const { client, peer } = await site.connectThrough();
  site.stud.signal("SIGTERM");
  assertEquals((await site.stud.ended(5_000)).code, 0, site.stud.report());
  client.close();
  peer.close();
});

/** Whom workers run as where the tests run as root. */
function user(): string[] {
  return Deno.uid() === 0 ? ["-u", "root"] : [];
}
