/**
 * Runs sslscan and testssl.sh against stud in its default configuration, once with each TLS engine, and prints the
 * findings as Markdown, from which docs/scans.md is made. Needs both tools; testssl.sh takes some minutes.
 *
 *     deno task scan [--only openssl] [--stud COMMAND]
 *
 * Without `--stud`, stud is what STUD_BIN names, or else `deno run -A mod.ts`. The status is 1 if there is a finding
 * above "low".
 */

import { parseArgs } from "node:util";
import { endAll } from "./bench/processes.ts";
import { output, type Proxy, startProxy } from "./bench/proxy.ts";
import { helpIfAsked } from "./script_help.ts";
import { type Chain, makeChain } from "./scan/chain.ts";
import { aboveLow, findings, findingsTable, type Report } from "./scan/findings.ts";

/** The name in the certificate; no resolver needs to know it. */
const NAME = "scan.example.org";
const ENGINES = ["rustls", "openssl"];

async function main(): Promise<number> {
  const { values: args } = parseArgs({
    args: Deno.args,
    options: {
      only: { type: "string" },
      stud: {
        type: "string",
        default: Deno.env.get("STUD_BIN") ?? `${Deno.execPath()} run -A mod.ts`,
      },
    },
  });
  const stud = args.stud.split(" ").filter(Boolean);
  const engines = ENGINES.filter((name) => args.only === undefined || args.only === name);
  const directory = await Deno.makeTempDir({ prefix: "stud-scan-" });
  const backend = silentBackend();
  try {
    const chain = await makeChain(NAME, directory);
    console.log(versions(stud));
    let bad = 0;
    for (const engine of engines) {
      const proxy = studWith(engine, stud);
      const setup = { backendPort: backend.addr.port, certificate: chain.server, directory };
      const { child, port } = await startProxy(proxy, setup);
      console.log(`\n## ${engine}\n\n### sslscan\n`);
      console.log("```\n" + await sslscan(port) + "\n```");
      const report = await testssl(port, chain, `${directory}/${engine}.json`);
      console.log("\n### testssl.sh\n\n" + findingsTable(report));
      bad += aboveLow(report).length;
      await child.end();
    }
    return bad === 0 ? 0 : 1;
  } finally {
    backend.close();
    await endAll();
    await Deno.remove(directory, { recursive: true });
  }
}

function versions(stud: readonly string[]): string {
  const lines = [
    ...(output([...stud, "-V"]) ?? "").trim().split("\n"),
    ...(output(["sslscan", "--version"]) ?? "").match(/(?<=sslscan |\s)\d+\.\d+\.\d+/)?.map(
      (version) => `sslscan ${version}`,
    ) ?? [],
    ...(plain(output(["testssl", "--version"]) ?? "").match(/testssl\S*\s+\S+/) ?? []),
  ];
  return lines.map((line) => `- ${line}`).join("\n");
}

function studWith(engine: string, stud: readonly string[]): Proxy {
  return {
    id: engine,
    name: `stud with ${engine}`,
    version: "",
    command: ({ port, backendPort, certificate }) => [
      ...stud,
      ...["-q", `--tls-library=${engine}`],
      ...["-f", `127.0.0.1,${port}`, "-b", `127.0.0.1,${backendPort}`, certificate],
    ],
  };
}

/** Reads everything and sends nothing, so that no finding is about a backend. */
function silentBackend(): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const connection of listener) {
      void connection.readable.pipeTo(new WritableStream()).catch(() => {});
    }
  })();
  return listener;
}

async function sslscan(port: number): Promise<string> {
  const text = await run(["sslscan", `--sni-name=${NAME}`, `127.0.0.1:${port}`]);
  return plain(text).trim();
}

async function testssl(port: number, chain: Chain, file: string): Promise<Report> {
  await run([
    ...["nice", "testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none"],
    ...["--ip", "127.0.0.1", "--add-ca", chain.authority, "--jsonfile", file, `${NAME}:${port}`],
  ]);
  return findings(await Deno.readTextFile(file));
}

/** The output of a tool. Its status is ignored, because testssl.sh returns the number of its findings. */
async function run([program, ...args]: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program!, { args, stdin: "null", stderr: "null" })
    .output();
  return new TextDecoder().decode(stdout);
}

/** The text without colors. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[\d;]*m/g, "");
}

await helpIfAsked(import.meta.url);
try {
  Deno.exit(await main());
} catch (error) {
  console.error(`scan: ${error instanceof Error ? error.message : error}`);
  Deno.exit(2);
}
