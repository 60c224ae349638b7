/** curl and `openssl s_client` reach a web server through stud, with TLS 1.2 and 1.3. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Site } from "../support/site.ts";
import { runTool, ToolProcess } from "../support/tool_process.ts";
import { testWith } from "../support/tools.ts";
import { startHaproxy, startNginx } from "../support/web_servers.ts";

for (const version of ["1.2", "1.3"]) {
  testWith({ tools: ["curl", "nginx"] }, `curl speaks TLS ${version} to nginx`, async () => {
    await using nginx = await startNginx({ proxyProtocol: false });
    await using site = await Site.start({ backendAddress: nginx.address });
    const curl = await runTool("curl", [
      ...["--silent", "--show-error", "--verbose", "--cacert", site.pem.path],
      ...[`--tlsv${version}`, "--tls-max", version, `https://localhost:${site.port}/`],
    ]);
    assertEquals(curl.status?.code, 0, curl.report());
    assertStringIncludes(curl.stdout, "nginx saw 127.0.0.1");
    assertStringIncludes(curl.stderr, `SSL connection using TLSv${version}`);
  });

  testWith({ tools: ["openssl", "nginx"] }, `openssl speaks TLS ${version} to nginx`, async () => {
    await using nginx = await startNginx({ proxyProtocol: false });
    await using site = await Site.start({ backendAddress: nginx.address });
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
testWith({ tools: ["curl", "nginx"] }, keptAlive, async () => {
  await using nginx = await startNginx({ proxyProtocol: false });
  await using site = await Site.start({ backendAddress: nginx.address });
  const url = `https://localhost:${site.port}/[1-50]`;
  const curl = await runTool("curl", ["--silent", "--cacert", site.pem.path, url]);
  assertEquals(curl.status?.code, 0, curl.report());
  const answers = curl.stdout.trim().split("\n");
  assertEquals([answers.length, new Set(answers).size], [50, 1], curl.report());
});

const servers = { nginx: () => startNginx({ proxyProtocol: true }), haproxy: () => startHaproxy() };
for (const [name, start] of Object.entries(servers)) {
  const what = `${name} accepts the PROXY line and sees the client's address`;
  testWith({ tools: ["curl", name], linux: true }, what, async () => {
    await using server = await start();
    await using site = await Site.start({
      args: ["--write-proxy"],
      backendAddress: server.address,
    });
    const curl = await runTool("curl", [
      ...["--silent", "--show-error", "--cacert", site.pem.path, "--interface", "127.0.0.5"],
      ...["--write-out", "%{local_port}", `https://localhost:${site.port}/`],
    ]);
    assertEquals(curl.status?.code, 0, curl.report());
    const [answer, port] = curl.stdout.trim().split("\n");
    assertEquals(answer, `${name} saw 127.0.0.5 ${port}`, curl.report());
  });

  testWith({ tools: ["curl", name], ipv6: true }, `${what}, over IPv6`, async () => {
    await using server = await start();
    const site = await Site.start({
      args: ["--write-proxy"],
      backendAddress: server.address,
      frontend: "[::1]:0",
    });
    await using _ = site;
    const url = `https://[::1]:${site.port}/`;
    const curl = await runTool("curl", ["--silent", "--cacert", site.pem.path, url]);
    assert(curl.stdout.startsWith(`${name} saw ::1 `), curl.report());
  });
}
