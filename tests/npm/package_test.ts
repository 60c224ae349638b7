/** The npm package as its users get it: what it installs, what is in it, and that both of its uses work. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { eventually, within } from "../support/eventually.ts";
import { CLIENT, COMMON_JS, MODULE, UNTYPED } from "./consumer_programs.ts";
import { filesBelow, type Outcome, testPackage } from "./installed_package.ts";

const root = new URL("../../", import.meta.url);

testPackage("package: the stud command serves TLS until SIGTERM", async (installed) => {
  await using backend = Backend.serve(echo);
  const where = ["-f", "127.0.0.1,0", "-b", backend.address];
  const npx = installed.spawn("npx", ["--no-install", "stud", "--self-signed", ...where]);
  let printed = "";
  let over = false;
  const ended = Promise.all([npx.stdout, npx.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) printed += text;
  })).then(() => over = true);
  const serves = /serves? on 127\.0\.0\.1:(\d+)/;
  let stud: number | undefined;
  try {
    await eventually("stud serves", () => over || serves.test(printed), 15_000, () => printed);
    const [, port] = serves.exec(printed) ?? [];
    assert(port, printed);
    stud = await studBelow(npx.pid);
    await installed.write("client.mjs", CLIENT);
    assertEquals(await installed.succeed("node", ["client.mjs", port, "over TLS"]), "over TLS");
    Deno.kill(stud, "SIGTERM");
    await within(15_000, `the end of stud, which printed ${printed}`, ended);
  } finally {
    if (!over) Deno.kill(stud ?? npx.pid, "SIGKILL");
    await Promise.all([ended, npx.status]);
  }
});

testPackage("package: import gives an ES module the library", async (installed) => {
  assertExchanged(await installed.runScript("library.mjs", MODULE));
});

testPackage("package: require gives it to CommonJS where Node can", async (installed) => {
  const outcome = await installed.runScript("library.cjs", COMMON_JS);
  const can = await installed.succeed("node", ["-p", "process.features.require_module === true"]);
  if (can.trim() === "true") {
    assertExchanged(outcome);
    const flag = "--no-experimental-require-module";
    assertPointsToImport(await installed.run("node", [flag, "library.cjs"]));
  } else {
    assertPointsToImport(outcome);
  }
});

testPackage(
  "package: plain JavaScript gets an error that says what is wrong with its options",
  async (installed) => {
    using pem = await temporaryPem();
    await installed.write("both.pem", pem.text);
    const { stdout, stderr } = await installed.runScript("untyped.mjs", UNTYPED);
    const [told = "", close] = stdout.trimEnd().split("\n");
    const all: [boolean, string][] = JSON.parse(told || `"${stderr}"`);
    const expected = [
      "terminate(): expected an object with options, got undefined; give pem",
      "bakcend: terminate() has no such option; did you mean backend?",
      "pem: expected PEM (certificate, chain and private key) as a string, Buffer or Uint8Array, got a promise",
      "handshakeTimeout: expected a number of seconds from 0.1 to 86400, got the string",
    ];
    for (const [place, message] of expected.entries()) {
      const [isTypeError, said] = all[place]!;
      assertEquals(isTypeError, true, said);
      assertStringIncludes(said, message);
    }
    assertEquals(
      close,
      'close(): expected nothing or { drainTimeout: SECONDS }, got the string "now"',
    );
  },
);

testPackage("package: nothing that is installed runs a script", async (installed) => {
  const dependencies = await installed.dependencies();
  const scripts = dependencies.filter((each) => each.hasInstallScript).map(({ path }) => path);
  assertEquals(scripts, []);
});

testPackage("package: it brings few others, and little altogether", async (installed) => {
  const dependencies = await installed.dependencies();
  let bytes = 0;
  for await (const path of filesBelow(`${installed.folder}/node_modules`)) {
    bytes += (await Deno.lstat(`${installed.folder}/node_modules/${path}`)).size;
  }
  console.log(`${dependencies.length} packages, ${(bytes / 1e6).toFixed(1)} MB`);
  assert(dependencies.length <= MAX_PACKAGES, dependencies.map(({ path }) => path).join("\n"));
  assert(bytes <= MAX_BYTES, `${bytes} bytes`);
});

testPackage("package: the archive holds what Node needs and nothing else", async (installed) => {
  const args = ["pack", "--dry-run", "--json", `./node_modules/@stud/stud`];
  const answer: Record<string, { files: { path: string }[] }> = JSON.parse(
    await installed.succeed("npm", args),
  );
  const paths = Object.values(answer)[0]!.files.map(({ path }) => path);
  const strange = paths.filter((path) => !EXPECTED.test(path) || FOREIGN.test(path));
  assertEquals(strange, []);
  const required = ["README.md", "LICENSE", "CHANGELOG.md", "bin/stud.js", "mod.js", "mod.d.ts"];
  assertEquals(required.filter((path) => !paths.includes(path)), []);
});

testPackage(
  "package: every module has a source map that shows its TypeScript",
  async (installed) => {
    let maps = 0;
    for await (const path of filesBelow(installed.path)) {
      if (!path.endsWith(".js") || path === "bin/stud.js") continue;
      const script = await Deno.readTextFile(`${installed.path}/${path}`);
      const [, name] = /^\/\/# sourceMappingURL=(\S+)$/m.exec(script) ?? [];
      const url = new URL(name!, `file:///${path}`);
      const map = JSON.parse(await Deno.readTextFile(`${installed.path}${url.pathname}`));
      const sources = map.sources.map((source: string) => new URL(source, url).pathname.slice(1));
      assertEquals(sources, [path.replace(/\.js$/, ".ts")]);
      assertEquals(map.sourcesContent, [await Deno.readTextFile(new URL(sources[0]!, root))]);
      maps++;
    }
    assert(maps > 50, `${maps} modules`);
  },
);

/** Node's own error, which tells what to do. */
function assertPointsToImport({ stderr }: Outcome): void {
  assertStringIncludes(stderr, "ERR_REQUIRE_ESM");
  assertStringIncludes(stderr, "import()");
}

function assertExchanged({ code, stdout, stderr }: Outcome): void {
  assertEquals(code, 0, stderr);
  const told = JSON.parse(stdout);
  const names = "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1";
  assertEquals(told, { answer: "over TLS", protocol: "TLSv1.3", names, bytes: 8, refused: true });
}

/** The process of stud itself among npx and its descendants: npx does not always pass signals on. */
async function studBelow(pid: number): Promise<number> {
  const waiting = [pid];
  for (const each of waiting) {
    const [, script = ""] = (await Deno.readTextFile(`/proc/${each}/cmdline`)).split("\0");
    if (/(?:^|\/)stud(?:\.js)?$/.test(script)) return each;
    const children = await Deno.readTextFile(`/proc/${each}/task/${each}/children`);
    waiting.push(...children.trim().split(" ").filter((child) => child !== "").map(Number));
  }
  throw new Error(`no process of stud below ${pid}`);
}

const EXPECTED =
  /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|bin\/stud\.js|(?:mod|src\/.+)(?:\.js|\.js\.map|\.d\.ts))$/;

const FOREIGN = /test|runtime\/(?:deno|linux|openssl\/)/;

/** With everything that they bring, stud included. */
const MAX_PACKAGES = 2;

const MAX_BYTES = 6e6;
