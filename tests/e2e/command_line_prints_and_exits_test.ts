/** Options that print something and exit, from the program itself. Their texts have unit tests. */

import denoJson from "../../deno.json" with { type: "json" };
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { temporaryPem } from "../support/certificates.ts";
import { runInProcess } from "../support/command_in_process.ts";
import { byLibrary, runStud, TLS_LIBRARY } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

/** In the test's process the command keeps libraries open. */
const IN_PROCESS = { keepsResources: true };

Deno.test("-h and --help print the options to stdout and exit 0", async () => {
  const [short, long] = await Promise.all([runStud(["-h"]), runInProcess(["--help"])]);
  assertEquals(short, long);
  assertEquals({ code: short.code, stderr: short.stderr }, { code: 0, stderr: "" });
  for (const option of ["--frontend", "--backend", "--workers", "--help all"]) {
    assertStringIncludes(short.stdout, option);
  }
  const [all, one] = await Promise.all(
    [["-h", "all"], ["--help", "write-ip"]].map((args) => runInProcess(args)),
  );
  assertStringIncludes(all!.stdout, "--drain-timeout");
  assertStringIncludes(one!.stdout, "--write-ip\n");
  const wrong = await runInProcess(["--help", "write-iq"]);
  assertEquals([wrong.code, wrong.stdout], [1, ""]);
  assertStringIncludes(wrong.stderr, "did you mean --write-ip?");
});

Deno.test("help wins over everything else on a sound command line", async () => {
  const { code, stdout } = await runInProcess(["-n", "2", "--test", "no-such.pem", "-h"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "--frontend");
});

testWith(
  IN_PROCESS,
  "-V and --version print name, version and TLS engines, and exit 0",
  async () => {
    const [short, long] = await Promise.all([runStud(["-V"]), runInProcess(["--version"])]);
    assertEquals(short, long);
    assertEquals([short.code, short.stderr], [0, ""]);
    const [version, ...engines] = short.stdout.trimEnd().split("\n");
    assertEquals(version, `stud ${denoJson.version}`);
    assertEquals(engines.length, ENGINES.length, short.stdout);
    engines.forEach((line, index) => assert(ENGINES[index]!.test(line), line));
  },
);

const ON_DENO = [
  // Where there is none, it says why.
  /^TLS engine openssl: (OpenSSL 3\.\d+\.\d+ .*; (no )?post-quantum.*|not usable: .+)$/,
  /^TLS engine rustls: bundled with Deno \d+\.\d+\.\d+; post-quantum: X25519MLKEM768$/,
  /^TLS engine auto: (openssl|rustls)$/,
];
const ENGINES = byLibrary({
  rustls: ON_DENO,
  openssl: ON_DENO,
  node: [
    /^TLS engine node: OpenSSL \d+\.\d+\.\d+\S* \(Node \d+\.\d+\.\d+\); (no )?post-quantum.*$/,
    /^TLS engine auto: node$/,
  ],
});

if (TLS_LIBRARY !== "node") {
  testWith(
    { ...IN_PROCESS, tools: ["openssl"], linux: true },
    "--version names the OpenSSL of this machine, which auto then is",
    async () => {
      const { stdout } = await new Deno.Command("openssl", { args: ["version"] }).output();
      const library = /\(Library: (.*)\)/.exec(new TextDecoder().decode(stdout))?.[1];
      const said = (await runInProcess(["--version"])).stdout;
      assertStringIncludes(said, `TLS engine openssl: ${library}; `);
      assertStringIncludes(said, "TLS engine auto: openssl\n");
    },
  );
}

Deno.test("--default-config prints a file that --config reads back from standard input", async () => {
  using pem = await temporaryPem();
  const printed = await runInProcess(["--default-config"]);
  assertEquals({ code: printed.code, stderr: printed.stderr }, { code: 0, stderr: "" });
  assertStringIncludes(printed.stdout, "workers = 1");
  const { code, stdout } = await runStud(["-t", "--config", "-", pem.path], printed.stdout);
  assertEquals({ code, stdout }, { code: 0, stdout: "stud: the configuration is good\n" });
});

testWith(
  IN_PROCESS,
  "-t with a good configuration says so, exits 0 and listens on nothing",
  async () => {
    using pem = await temporaryPem();
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    // A configuration can be checked while the stud that runs by it holds the port.
    const { code, stdout } = await runInProcess(["-t", "-f", `127.0.0.1,${port}`, pem.path]);
    assertEquals({ code, stdout }, { code: 0, stdout: "stud: the configuration is good\n" });
  },
);

Deno.test("-t with a bad configuration names the fault on stderr and exits 1", async () => {
  const { code, stdout, stderr } = await runStud(["-t", "/no/such/cert.pem"]);
  assertEquals({ code, stdout, stderr }, {
    code: 1,
    stdout: "",
    stderr: "stud: /no/such/cert.pem: no such file\n",
  });
});

Deno.test("output that nobody reads any more is no error", async () => {
  // Writes until the reader is surely gone, then runs stud on the same broken pipe.
  const script = `trap "" PIPE
    { while echo x 2>/dev/null; do :; done; "$@"; echo "status $?" >&2; } | true`;
  const { stderr } = await runStud(["--help"], undefined, { prefix: ["sh", "-c", script, "sh"] });
  assertEquals(stderr, "status 0\n");
});
