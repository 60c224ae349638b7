/** Machines whose OpenSSL is missing, broken or of the wrong kind: stud says so, and serves by rustls what that can. */

import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { pemFile, temporaryPem } from "../support/certificates.ts";
import { startError } from "../support/start_error.ts";
import { BY_ITS_OPTIONS, runStud, Stud } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";
import { Folder } from "../support/tls_site.ts";

const NEEDS = { linux: true, tools: ["openssl"], notOnNode: true };

/** What stands in for libssl.so.3, and what stud says of it. */
const FAULTS: Readonly<Record<string, readonly [make: (folder: Folder) => void, words: RegExp]>> = {
  "libcrypto in the place of libssl": [
    (folder) => folder.write("libssl.so.3", libraryFile("libcrypto.so.3")),
    /^libssl\.so\.3: the function (SSL|TLS)_\w+ is missing in it; stud needs OpenSSL 3\.0 or later/,
  ],
  "an empty file": [
    (folder) => folder.write("libssl.so.3", ""),
    /^libssl\.so\.3: .*file too short/,
  ],
  "something that is no library": [
    (folder) => folder.write("libssl.so.3", "garbage ".repeat(1000)),
    /^libssl\.so\.3: .*invalid ELF header/,
  ],
  "libssl in the place of libcrypto": [
    (folder) => folder.write("libcrypto.so.3", libraryFile("libssl.so.3")),
    /^lib(ssl|crypto)\.so\.3: /,
  ],
};

/** Options of stud, and which of them the error names. */
const CASES: readonly (readonly [args: string[], option: string])[] = [
  [["-O", "--tls-library=auto"], "-O/--prefer-server-ciphers"],
  [["--tls-library=openssl"], "--tls-library"],
  [[...BY_ITS_OPTIONS, "-c", "HIGH"], "-c/--ciphers"],
];

/**
 * With this fault all of the options are tried, and the commands that open the library in the supervisor; what the
 * opening says is the same in all of them.
 */
const [FIRST] = Object.keys(FAULTS);

for (const [what, [make, words]] of Object.entries(FAULTS)) {
  testWith(NEEDS, `${what} is a start error that names option and library`, async () => {
    using folder = new Folder();
    make(folder);
    const prefix = ["env", `LD_LIBRARY_PATH=${folder.path}`];
    const frontend = ["--self-signed", "-f", "127.0.0.1,0"];
    const refusal = async (args: readonly string[], option: string) => {
      const line = await startError([...frontend, ...args], { prefix });
      assertStringIncludes(line, `OpenSSL is needed because of ${option}: `);
      assert(words.test(line.replace(/^OpenSSL is needed because of \S+ /, "")), line);
    };
    const [served, because] = CASES.at(-1)!;
    await refusal(served, because);
    if (what !== FIRST) return;
    for (const [args, option] of CASES) await refusal(["-t", ...args], option);
    const { code, stdout } = await runStud(["-V"], undefined, { prefix });
    assertEquals(code, 0);
    const said = /^TLS engine openssl: not usable: (.*)$/m.exec(stdout)?.[1];
    assert(said !== undefined && words.test(said), stdout);
    assertStringIncludes(stdout, "TLS engine auto: rustls\n");
  });
}

testWith(NEEDS, "without OpenSSL rustls serves what it can, and why is said once", async () => {
  using folder = new Folder();
  folder.write("libssl.so.3", "");
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  await using stud = await Stud.start(
    [...BY_ITS_OPTIONS, "-n", "2", "-f", "127.0.0.1,0", "-b", backend.address, pem.path],
    { LD_LIBRARY_PATH: folder.path },
  );
  await stud.output(/2 workers serve on .*, TLS by rustls \(OpenSSL 3 cannot be used here\)$/m);
  assertEquals(
    stud.stdout.match(/ info: OpenSSL cannot be used here: libssl\.so\.3: /g)?.length,
    1,
  );
  await echoOnce(stud.port, pem);
  // It has been away for the first ones, and so it is for their successors and for what they serve next.
  Deno.removeSync(`${folder.path}/libssl.so.3`);
  const [first] = stud.workers();
  Deno.kill(first!, "SIGKILL");
  await stud.output(/worker \d serves again/);
  for (let count = 0; count < 8; count++) await echoOnce(stud.port, pem);
  using other = pemFile(await makeSelfSigned("localhost", new Date()));
  Deno.writeTextFileSync(pem.path, other.text);
  stud.signal("SIGHUP");
  await stud.output(/reloaded: 2 workers serve on .*, TLS by rustls \(/);
  await echoOnce(stud.port, other);
});

testWith(NEEDS, "-t without OpenSSL asks rustls", async () => {
  using folder = new Folder();
  folder.write("libssl.so.3", "");
  const prefix = ["env", `LD_LIBRARY_PATH=${folder.path}`];
  const args = [...BY_ITS_OPTIONS, "-t", "--self-signed"];
  const { code, stdout, stderr } = await runStud(args, undefined, { prefix });
  assertEquals([code, stdout], [0, "stud: the configuration is good\n"], stderr);
});

testWith(NEEDS, "a key that is too short for rustls is an error without OpenSSL", async () => {
  using folder = new Folder();
  folder.write("libssl.so.3", "");
  const args = "req -x509 -newkey rsa:1024 -nodes -subj /CN=short -days 9";
  const out = ["-keyout", `${folder.path}/key`, "-out", `${folder.path}/certificate`];
  await new Deno.Command("openssl", { args: [...args.split(" "), ...out], stderr: "null" })
    .output();
  const [key, certificate] = ["key", "certificate"].map((name) =>
    Deno.readTextFileSync(`${folder.path}/${name}`)
  );
  using pem = pemFile(certificate! + key!);
  const prefix = ["env", `LD_LIBRARY_PATH=${folder.path}`];
  for (const test of [[], ["-t"]]) {
    const frontend = [...BY_ITS_OPTIONS, "-f", "127.0.0.1,0", pem.path];
    const line = await startError([...test, ...frontend], { prefix });
    assertStringIncludes(
      line,
      `${pem.path}: rustls cannot serve this certificate and key: its RSA`,
    );
    assertStringIncludes(line, "key has 1024 bits, fewer than 2048; OpenSSL does, so install it");
  }
});

/** The host's own library, which every process of its clients has open. */
function libraryFile(name: string): Uint8Array {
  const folders = [
    ...["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"],
    ...["/lib/x86_64-linux-gnu", "/lib64", "/lib"],
  ];
  for (const folder of folders) {
    try {
      return Deno.readFileSync(`${folder}/${name}`);
    } catch {
      // Not there.
    }
  }
  throw new Error(`this machine has no ${name}`);
}
