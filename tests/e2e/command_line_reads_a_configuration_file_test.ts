/** `--config`: what it says is done, and each of its faults is named by file and line. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { temporaryPem } from "../support/certificates.ts";
import { Backend, echo } from "../support/backend.ts";
import { runInProcess } from "../support/command_in_process.ts";
import { byLibrary, runStud, Stud } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";

Deno.test("stud serves by a configuration file, and the command line wins", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  using file = configFile(
    `# a site\nfrontend = "127.0.0.1,0"\nbackend = "127.0.0.1,1"\npem-file = "${pem.path}"\n`,
  );
  await using stud = await Stud.start(["--config", file.path, "-b", backend.address]);
  await echoOnce(stud.port, pem);
});

Deno.test("a configuration can come from standard input", async () => {
  using pem = await temporaryPem();
  const text = `pem-file = ${pem.path}\nworkers = 2\n`;
  const { code, stdout } = await runStud(["--config=-", "--test"], text);
  assertEquals({ code, stdout }, { code: 0, stdout: "stud: the configuration is good\n" });
});

Deno.test("a fault in a configuration file is named by file and line", async () => {
  const faults: Fault[] = [
    ["workers = 1\nwrokers = 2\n", ":2:1: ", 'unknown key "wrokers"', "did you mean workers?"],
    ["\n\nworkers = many\n", ":3:11: workers: ", '"many"', "whole number"],
    ["workers\n", ":1:1: ", "key = value"],
    ["keepalive = 0\n", ":1:13: keepalive: ", "from 1 to"],
    [
      "# whose TLS it is\nbackend-verify = off\n",
      ":2:18: backend-verify is for TLS to the backend",
      "needs --client",
    ],
    byLibrary({ rustls: RUSTLS_CANNOT, openssl: RUSTLS_CANNOT, node: NOT_ON_NODE }),
    ['frontend = {\n  host = "*"\n}\n', ":1:1: frontend: ", "add port = PORT"],
    ['backend = "127.0.0.1,http-no"\n', "--backend: http-no is neither a port number nor"],
    ["config = x\n", ":1:1: ", "only on the command line"],
  ];
  for (const [text, place, ...words] of faults) {
    using file = configFile(text);
    const args = ["--config", file.path, "--self-signed"];
    const { code, stdout, stderr } = await runInProcess(args);
    assertEquals({ code, stdout }, { code: 1, stdout: "" }, stderr);
    assertStringIncludes(stderr, place.startsWith(":") ? `stud: ${file.path}${place}` : place);
    for (const word of words) assertStringIncludes(stderr, word);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  }
});

Deno.test("a configuration file that cannot be read is named", async () => {
  const { code, stderr } = await runStud(["--config", "/no/such/stud.conf"]);
  assertEquals({ code, stderr }, {
    code: 1,
    stderr: "stud: --config /no/such/stud.conf: no such file\n",
  });
});

type Fault = [text: string, place: string, ...words: string[]];

const RUSTLS_CANNOT: Fault = [
  "ciphers = HIGH\ntls-library = rustls\n",
  ":1:11: ciphers: needs OpenSSL",
  ":2:15: tls-library = rustls",
];
const NOT_ON_NODE: Fault = [
  "ciphers = HIGH\ntls-library = rustls\n",
  ":2:15: tls-library: ",
  '"rustls"',
  "stud's executable",
];

function configFile(text: string): Disposable & { readonly path: string } {
  const path = Deno.makeTempFileSync({ prefix: "stud-test-", suffix: ".conf" });
  Deno.writeTextFileSync(path, text);
  return { path, [Symbol.dispose]: () => Deno.removeSync(path) };
}
