/** curl and `openssl s_client` reach a web server through stud, with TLS 1.2 and 1.3. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { runTool, ToolProcess } from "../support/tool_process.ts";
import { hasIpv6 } from "../support/tools.ts";
import { startHaproxy, startNginx } from "../support/web_servers.ts";

/** The second frontend of a stud, if there is one. */
const IPV6 = 1;

const plain = new Shared(async () => {
  const nginx = await startNginx({ proxyProtocol: false });
  return Site.start({ backendAddress: nginx.address, owns: [nginx] });
});

for (const version of ["1.2", "1.3"]) {
  plain.test({ tools: ["curl", "nginx"] }, `curl speaks TLS ${version} to nginx`, async (site) => {
    const curl = await runTool("curl", [
      ...["--silent", "--show-error", "--verbose", "--cacert", site.pem.path],
      ...[`--tlsv${version}`, "--tls-max", version, `https://localhost:${site.port}/`],
    ]);
    assertEquals(curl.status?.code, 0, curl.report());
    assertStringIncludes(curl.stdout, "nginx saw 127.0.0.1");
    assertStringIncludes(curl.stderr, `SSL connection using TLSv${version}`);
  });

  const name = `openssl speaks TLS ${version} to nginx`;
  plain.test({ tools: ["openssl", "nginx"] }, name, async (site) => {
    await using openssl = new ToolProcess("openssl", [
      ...["s_client", "-connect", `127.0.0.1:${site.port}`, "-servername", "localhost"],
      ...["-CAfile", site.pem.path, "-verify_return_error", "-ign_eof"],
      version === "1.2" ? "-tls1_2" : "-tls1_3",
    ]);
    await openssl.write("GET / HTTP/1.0\r\n\r\n");
    assertEquals(await openssl.ended(), 0, openssl.report());
    assertStringIncludes(openssl.stdout, "nginx saw 127.0.0.1");
    assert(openssl.stdout.includes(`New, TLSv${version}`), openssl.report());
    assert(!openssl.stderr.includes("unexpected eof"), openssl.report());
  });
}

const keptAlive = "many requests of one curl share a connection";
plain.test({ tools: ["curl", "nginx"] }, keptAlive, async (site) => {
  const url = `https://localhost:${site.port}/[1-50]`;
  const curl = await runTool("curl", ["--silent", "--cacert", site.pem.path, url]);
  assertEquals(curl.status?.code, 0, curl.report());
  const answers = curl.stdout.trim().split("\n");
  assertEquals([answers.length, new Set(answers).size], [50, 1], curl.report());
});

const servers = { nginx: () => startNginx({ proxyProtocol: true }), haproxy: () => startHaproxy() };
for (const [name, start] of Object.entries(servers)) {
  const behind = new Shared(async () => {
    const server = await start();
    const ipv6 = hasIpv6() ? ["-f", "[::1]:0"] : [];
    const args = ["--write-proxy", ...ipv6];
    return Site.start({ args, backendAddress: server.address, owns: [server] });
  });
  const what = `${name} accepts the PROXY line and sees the client's address`;
  behind.test({ tools: ["curl", name], linux: true }, what, async (site) => {
    const [port] = site.stud.ports;
    const curl = await runTool("curl", [
      ...["--silent", "--show-error", "--cacert", site.pem.path, "--interface", "127.0.0.5"],
      ...["--write-out", "%{local_port}", `https://localhost:${port}/`],
    ]);
    assertEquals(curl.status?.code, 0, curl.report());
    const [answer, from] = curl.stdout.trim().split("\n");
    assertEquals(answer, `${name} saw 127.0.0.5 ${from}`, curl.report());
  });

  behind.test({ tools: ["curl", name], ipv6: true }, `${what}, over IPv6`, async (site) => {
    const url = `https://[::1]:${site.stud.ports[IPV6]}/`;
    const curl = await runTool("curl", ["--silent", "--cacert", site.pem.path, url]);
    assert(curl.stdout.startsWith(`${name} saw ::1 `), curl.report());
  });
}
