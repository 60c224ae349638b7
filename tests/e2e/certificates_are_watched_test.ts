/** Certificate files that change while stud serves: read again with --watch, mentioned without. */

import { assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { pemFile, temporaryPem } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { BY_OPENSSL, Stud } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

testWith(
  { linux: true },
  "--watch serves what a link leads to, as Kubernetes and certbot replace it",
  async () => {
    await using backend = Backend.serve(echo);
    using one = pemFile(await makeSelfSigned("localhost", new Date()));
    using other = pemFile(await makeSelfSigned("localhost", new Date()));
    const directory = await Deno.makeTempDir({ prefix: "stud-test-" });
    try {
      const link = `${directory}/tls.pem`;
      await Deno.symlink(one.path, link);
      await using stud = await Stud.start([
        ...["--watch", "-f", "127.0.0.1,0", "-b", backend.address, link],
      ]);
      await echoOnce(stud.port, one);
      await Deno.symlink(other.path, `${link}.new`);
      await Deno.rename(`${link}.new`, link);
      await stud.output(/reloaded: /);
      await echoOnce(stud.port, other);
      // A file that is no good is named, and what it held before is served on.
      await Deno.writeTextFile(other.path, "nothing");
      await stud.output(/in quarantine: \S+tls\.pem: not a PEM file .*keeps serving its previous/);
      await echoOnce(stud.port, other);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);

testWith(
  { linux: true },
  "--watch logs once that a file is bad, and serves the other changes",
  async () => {
    await using backend = Backend.serve(echo);
    const directory = await Deno.makeTempDir({ prefix: "stud-test-" });
    const [pem, secret] = [`${directory}/tls.pem`, `${directory}/secret`];
    const put = async (path: string, text: string) => {
      await Deno.writeTextFile(`${path}.new`, text, { mode: 0o600 });
      await Deno.rename(`${path}.new`, path);
    };
    try {
      using one = pemFile(await makeSelfSigned("localhost", new Date()));
      using other = pemFile(await makeSelfSigned("localhost", new Date()));
      const good = crypto.randomUUID().slice(0, 32);
      await put(pem, one.text);
      await put(secret, good);
      await using stud = await Stud.start([
        ...["--watch", "--ticket-secret", secret, "-f", "127.0.0.1,0", "-b", backend.address, pem],
      ]);
      const faults = () => stud.stderr.match(/bad file, keeping its previous content/g)?.length;
      await put(secret, "short");
      await stud.output(/reloaded: 1 bad file; nothing else has changed/);
      await put(pem, other.text);
      await stud.output(/reloaded: 1 worker serves .*; 1 bad file/);
      await echoOnce(stud.port, other);
      assertEquals(faults(), 2, stud.report());
      await put(secret, good);
      await stud.output(/reloaded: nothing has changed/);
      assertEquals(faults(), 2, stud.report());
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);

testWith({ linux: true }, "--watch takes files that a directory gains", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const directory = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    await Deno.writeTextFile(`${directory}/a.pem`, pem.text);
    const args = [BY_OPENSSL, "--watch", "--pem-dir", directory];
    await using stud = await Stud.start([...args, "-f", "127.0.0.1,0", "-b", backend.address]);
    await Deno.writeTextFile(`${directory}/b.pem`, "nothing");
    await stud.output(/in quarantine: \S+b\.pem: not a PEM file .*stud does not serve it/);
    await echoOnce(stud.port, pem);
    const before = stud.stdout.match(/reloaded/g)?.length;
    await Deno.remove(`${directory}/b.pem`);
    await eventually("another reload", () => stud.stdout.match(/reloaded/g)?.length !== before);
    assertEquals(stud.status, undefined);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
