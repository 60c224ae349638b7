/** What the kernel does for client connections when it is asked to. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { besideStud, NAMESPACES, ownNetwork } from "../support/namespaces.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { Stud, TLS_LIBRARY } from "../support/stud.ts";
import { runTool } from "../support/tool_process.ts";
import { testWith } from "../support/tools.ts";

const ANY = ["--self-signed", "-f", "*,0", "-b", "127.0.0.1,9"];

/** In a network of its own. */
const shared = new Shared(async () => {
  const prefix = ownNetwork({ "ipv6/bindv6only": "1", "ipv4/tcp_fastopen": "3" });
  const fastOpen = TLS_LIBRARY === "node" ? [] : ["--tcp-fastopen"];
  const stud = await Stud.start([...ANY, "-n", "2", ...fastOpen], {}, { prefix });
  return {
    stud,
    // Its warnings are those of its start.
    forget: () => {},
    settle: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => stud[Symbol.asyncDispose](),
  };
});

shared.test(
  { ...NAMESPACES, tools: [...NAMESPACES.tools, "openssl"] },
  "a frontend * takes clients over IPv4 and IPv6 where the system keeps them apart",
  async ({ stud }) => {
    for (const host of ["127.0.0.1", "[::1]"]) {
      const connect = ["openssl", "s_client", "-no-CAfile", "-connect", `${host}:${stud.port}`];
      assertStringIncludes(await besideStud(stud, connect), "BEGIN CERTIFICATE", stud.report());
    }
  },
);

shared.test(
  { ...NAMESPACES, tools: [...NAMESPACES.tools, "curl"], notOnNode: true },
  "a client that comes back may send data with its first packet",
  async ({ stud }) => {
    const curl = ["curl", "--tcp-fastopen", "--insecure", `https://127.0.0.1:${stud.port}/`];
    for (let visit = 0; visit < 2; visit++) await besideStud(stud, curl);
    assertEquals(fastOpened(stud.pid) > 0, true, stud.report());
    assert(!stud.stderr.includes("tcp-fastopen"), stud.report());
  },
);

testWith(
  { linux: true, tools: ["ss"], notOnNode: true },
  "a client connection has the buffers that were asked for",
  async () => {
    await using site = await Site.startEcho(["--recv-bufsize", "40000", "--send-bufsize", "50000"]);
    using _client = await site.connect();
    const { stdout } = await runTool("ss", ["-tmnH", `sport = :${site.port}`]);
    // The kernel doubles them, for its own bookkeeping (socket(7)).
    assert(/skmem:\(r\d+,rb80000,t\d+,tb100000,/.test(stdout), stdout);
  },
);

/** TCPFastOpenPassive of the network that a process is in. */
function fastOpened(pid: number): number {
  const lines = Deno.readTextFileSync(`/proc/${pid}/net/netstat`).split("\n");
  const [names, values] = lines.filter((line) => line.startsWith("TcpExt:"));
  const place = names!.split(" ").indexOf("TCPFastOpenPassive");
  return Number(values!.split(" ")[place]);
}
