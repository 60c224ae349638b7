/** Certificates that the TLS library alone refuses, and files beside the certificates, at a reload. */

import { assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { newCertificate, ReloadingSite } from "../support/reloading_site.ts";
import { BY_OPENSSL, TLS_LIBRARY } from "../support/stud.ts";
import { runTool } from "../support/tool_process.ts";
import { testWith } from "../support/tools.ts";

/** Certificate and key that no library serves, whatever its security level. */
async function weak(folder: string): Promise<string> {
  const [key, certificate] = [`${folder}/weak.key`, `${folder}/weak.certificate`];
  await runTool("openssl", [
    ...["req", "-x509", "-newkey", "rsa:512", "-nodes", "-subj", "/CN=weak.example"],
    ...["-days", "30", "-keyout", key, "-out", certificate],
  ]);
  return Deno.readTextFileSync(certificate) + Deno.readTextFileSync(key);
}

const NEEDS = { linux: true, tools: ["openssl"] };

testWith(
  NEEDS,
  "a certificate that the library refuses is quarantined by SIGHUP",
  async () => {
    await using site = await ReloadingSite.start();
    const { stud } = site;
    site.put("site.pem", await weak(site.folder));
    await site.reload();
    assertStringIncludes(stud.stderr, `in quarantine: ${site.folder}/site.pem: `);
    assertStringIncludes(stud.stderr, "; stud keeps serving its previous certificate");
    await stud.output(/reloaded: 1 certificate in quarantine; nothing else has changed/);
    await site.echoOnce();
    // What else is new is in effect.
    site.configure(["keepalive = 77"]);
    await site.reload();
    await stud.output(/reloaded: 1 worker serves .*; 1 certificate in quarantine/);
    await site.echoOnce();
    const mended = await site.renew();
    await site.reload();
    await site.echoOnce(mended);
    await assertRejects(() => site.echoOnce());
  },
);

testWith(
  NEEDS,
  "renewed certificates are served although the library refuses others, with --watch",
  async () => {
    const library = BY_OPENSSL.split("=")[1]!;
    const folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
    try {
      const put = async (name: string, text: string) => {
        await Deno.writeTextFile(`${folder}/.${name}`, text);
        await Deno.rename(`${folder}/.${name}`, `${folder}/${name}`);
      };
      const other = await newCertificate();
      await put("a.pem", other.text);
      const lines = [`pem-dir = "${folder}"`];
      await using site = await ReloadingSite.start({ library, lines, args: ["--watch"] });
      const { stud } = site;
      const bad = await weak(site.folder);
      await put("a.pem", bad);
      await put("b.pem", bad);
      const next = await site.renew();
      await stud.output(/reloaded: .*; 2 certificates in quarantine/);
      // Which of the files the first look has found is chance.
      const served = () => site.echoOnce(next).then(() => true, () => false);
      await eventually("the renewed certificate", served, 20_000, () => stud.report());
      assertStringIncludes(
        stud.stderr,
        `in quarantine: ${folder}/a.pem: the certificate: OpenSSL refuses it`,
      );
      assertStringIncludes(stud.stderr, `in quarantine: ${folder}/b.pem: `);
      assertStringIncludes(stud.stderr, "; stud does not serve it");
      await put("b.pem", other.text);
      await put("a.pem", other.text);
      await eventually(
        "a reload without a fault",
        () => {
          const last = stud.stdout.match(/reloaded: .*/g)?.at(-1) ?? "";
          return last !== "" && !last.includes("quarantine");
        },
        20_000,
        () => stud.report(),
      );
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
);

testWith(
  NEEDS,
  "a bad file of authorities or revocation lists holds up no renewed certificate",
  async () => {
    const folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
    try {
      const ca = `${folder}/ca.pem`;
      const certificate = (await newCertificate()).certificate;
      Deno.writeTextFileSync(ca, certificate);
      const lines = ["client-verify = optional", `client-verify-ca = "${ca}"`];
      const library = BY_OPENSSL.split("=")[1]!;
      await using site = await ReloadingSite.start({ library, lines });
      for (const text of ["", "damaged", certificate.replace("MII", "MIJ")]) {
        Deno.writeTextFileSync(ca, text);
        const next = await site.renew();
        await site.reload();
        await site.echoOnce(next);
        await site.stud.output(/reloaded: .*; 1 bad file/);
      }
      const faults = site.stud.stderr.split("\n").filter((line) => line.includes("bad file, "));
      assertEquals(faults.length, 3, site.stud.report());
      Deno.removeSync(ca);
      await site.reload();
      assertStringIncludes(site.stud.stderr, `keeping its previous content: ${ca}: no such file`);
      // Another path is another configuration, and that is not taken.
      site.configure([lines[0]!, `client-verify-ca = "${folder}/other.pem"`]);
      await site.reload();
      assertStringIncludes(site.stud.stderr, "reload failed, keeping the current configuration: ");
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
);

testWith({ linux: true }, "a change of the log level alone is not nothing", async () => {
  await using site = await ReloadingSite.start();
  site.configure(["log-level = 1", `tls-library = ${TLS_LIBRARY}`]);
  await site.reload();
  const before = site.stud.stdout.match(/reloaded: nothing has changed/g)?.length ?? 0;
  site.configure(["log-level = 0"]);
  await site.reload();
  assertEquals(site.stud.stdout.match(/reloaded: nothing has changed/g)?.length ?? 0, before);
});
