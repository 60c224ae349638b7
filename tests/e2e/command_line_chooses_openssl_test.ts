/** The host's OpenSSL does TLS where there is one, and where an option needs it the log says so; rustls by name. */

import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { pemFile, temporaryPem } from "../support/certificates.ts";
import { runInProcess } from "../support/command_in_process.ts";
import { Site } from "../support/site.ts";
import { BY_ITS_OPTIONS, BY_OPENSSL, Stud } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const ON_DENO = { ...NEEDS, notOnNode: true };

/** Options of stud, and which of them the log names. */
const OPTIONS: readonly (readonly [args: string[], because: string])[] = [
  [["--tls-library=openssl"], "--tls-library"],
  [["-c", "HIGH"], "-c/--ciphers"],
  [["-O"], "-O/--prefer-server-ciphers"],
  [["--ssl"], "--ssl"],
  [["-C", "100"], "-C/--shared-cache"],
];

testWith(ON_DENO, "without options OpenSSL does TLS, and the log says so", async () => {
  await using site = await Site.startEcho(BY_ITS_OPTIONS);
  await site.stud.output(/1 worker serves on .*, TLS by OpenSSL 3\.\S+ [^()]*$/m);
  await site.echoOnce();
});

testWith(
  { notOnNode: true },
  "rustls does TLS if it is asked for, and the log says so",
  async () => {
    await using site = await Site.startEcho(["--tls-library=rustls"]);
    await site.stud.output(/1 worker serves on .*, TLS by rustls$/m);
    await site.echoOnce();
  },
);

// What each option that needs OpenSSL is called here is known from its unit test; one of them, and OpenSSL by name, are
// seen in the log.
for (const [args, because] of OPTIONS.slice(0, 2)) {
  testWith(ON_DENO, `with ${args.join(" ")} OpenSSL does TLS, and the log says why`, async () => {
    await using site = await Site.startEcho([...BY_ITS_OPTIONS, ...args]);
    await site.stud.output(new RegExp(`, TLS by OpenSSL 3\\.\\S+ .* because of ${because}$`, "m"));
    await site.echoOnce();
  });
}

testWith({ ...ON_DENO, keepsResources: true }, "-t takes what OpenSSL takes", async () => {
  for (const [args] of OPTIONS) {
    const { code, stdout, stderr } = await runInProcess([
      ...BY_ITS_OPTIONS,
      "-t",
      "--self-signed",
      ...args,
    ]);
    assertEquals([code, stdout], [0, "stud: the configuration is good\n"], stderr);
  }
});

testWith(
  ON_DENO,
  "of several PEM files the last is for clients that name none of them",
  async () => {
    using first = pemFile(await makeSelfSigned("first.example", new Date()));
    using last = await temporaryPem();
    await using backend = Backend.serve(echo);
    const args = ["-f", "127.0.0.1,0", "-b", backend.address, first.path, last.path];
    await using stud = await Stud.start([...BY_ITS_OPTIONS, ...args]);
    await stud.output(/, TLS by OpenSSL .* because of 2 PEM files$/m);
    await echoOnce(stud.port, last);
  },
);

testWith(
  NEEDS,
  "-C says that no cache is needed, --ssl that TLS 1.0 lowers the security",
  async () => {
    await using site = await Site.startEcho([BY_OPENSSL, "-C", "100", "--ssl"]);
    await site.stud.output(/ warning: -C\/--shared-cache 100 has no effect: /);
    assertStringIncludes(site.stud.stderr, " warning: TLSv1.0 and TLSv1.1 need SHA-1 signatures");
  },
);
