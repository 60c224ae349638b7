/** Frontends of one stud that serve certificates, versions and rules of their own, each as its block says. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { answering, handshake } from "../support/handshake.ts";
import { BY_OPENSSL, byLibrary, Stud } from "../support/stud.ts";
import { Folder } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["openssl"], linux: true };

testWith(NEEDS, "each frontend serves its own certificates in its own versions", async () => {
  const authority = await Authority.make();
  using folder = new Folder();
  const file = async (commonName: string) =>
    folder.write(`${commonName}.pem`, (await authority.issue({ commonName })).pem);
  await using backend = answering();
  const config = folder.write(
    "stud.conf",
    `pem-file = "${await file("general.example")}"  tls-protos = TLSv1.2 TLSv1.3
     backend = "${backend.address}"
     frontend = "[127.0.0.1]:0"
     frontend = {
       host = "127.0.0.1"
       port = "0"
       pem-file = "${await file("own.example")}"
       tls-protos = TLSv1.2
     }
     frontend = "[127.0.0.1]:0+${await file("behind.example")}"
     frontend = {
       host = "127.0.0.1", port = "0", sni-nomatch-abort = on
       pem-file = { cert = "${await file("one.example")}" } match-global-certs = on
     }`,
  );
  await using stud = await Stud.start([BY_OPENSSL, "--config", config]);
  const ports = [...stud.stdout.matchAll(/127\.0\.0\.1:(\d+)(?= and |,)/g)].map(([, port]) =>
    Number(port)
  ).slice(0, 4);
  const served = async (place: number, name?: string, ...args: string[]) => {
    const { certificate, protocol, served } = await handshake(ports[place]!, name, args);
    return served ? `${certificate} ${protocol}` : "refused";
  };
  assertEquals(await served(0), "general.example TLSv1.3");
  assertEquals(await served(1), "own.example TLSv1.2");
  assertEquals(await served(1, "general.example", "-tls1_3"), "refused");
  assertEquals(await served(2), "behind.example TLSv1.3");
  assertEquals(await served(3, "general.example"), "general.example TLSv1.3");
  assertEquals(await served(3, "one.example"), "one.example TLSv1.3");
  assertEquals(await served(3, "other.example"), "refused");
});

testWith(NEEDS, "no general certificate is needed where every frontend has its own", async () => {
  const authority = await Authority.make();
  using own = await authority.file({ commonName: "own.example" });
  await using backend = answering();
  const args = ["-f", `127.0.0.1,0+${own.path}`, "-b", backend.address];
  await using stud = await Stud.start(args);
  const { certificate, served, report } = await handshake(stud.port, undefined);
  assertEquals([served, certificate], [true, "own.example"], report);
  const library = byLibrary({ rustls: "rustls", openssl: "OpenSSL", node: "Node" });
  assertStringIncludes(stud.stdout.toLowerCase(), library.toLowerCase());
});
