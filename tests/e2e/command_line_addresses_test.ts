/** Addresses as operators write them, from the command line to the socket. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { startError } from "../support/start_error.ts";
import { Stud } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { hasIpv6 } from "../support/tools.ts";

Deno.test("a port may be a service name of /etc/services", async () => {
  const args = ["--self-signed", "-f", "127.0.0.1,0", "-b", "127.0.0.1,https"];
  if (knowsServices()) {
    await using stud = await Stud.start(args);
    assertStringIncludes(stud.stdout, "backend 127.0.0.1:443, ");
  } else {
    assertStringIncludes(await startError(args), "https is neither a port number nor a service");
  }
});

Deno.test("a frontend * takes clients over IPv4, and over IPv6 where there is any", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  await using stud = await Stud.start(["-f", "*,0", "-b", backend.address, pem.path]);
  await echoOnce(stud.port, pem);
  if (!hasIpv6()) return;
  const { port } = stud;
  using conn = await Deno.connectTls({ hostname: "::1", port, caCerts: [pem.certificate] });
  await conn.handshake();
  assertEquals((conn.remoteAddr as Deno.NetAddr).hostname, "::1");
});

Deno.test("every frontend is served, in either spelling", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const [host, port] = backend.address.split(",");
  await using stud = await Stud.start([
    ...["-f", "127.0.0.1,0", "--frontend=[127.0.0.1]:0", "-f", "127.0.0.1:0"],
    ...["-b", `[${host}]:${port}`, pem.path],
  ]);
  const line = /serves on (.*), backend/.exec(stud.stdout)?.[1] ?? "";
  const ports = [...line.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => Number(match[1]));
  assertEquals(new Set(ports).size, 3, stud.report());
  for (const own of ports) await echoOnce(own, pem);
});

Deno.test("a backend's name is looked up, and each of its addresses tried", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const [, port] = backend.address.split(",");
  // localhost may be ::1 first, where nobody listens.
  await using stud = await Stud.start(["-f", "127.0.0.1,0", "-b", `localhost,${port}`, pem.path]);
  await echoOnce(stud.port, pem);
});

function knowsServices(): boolean {
  try {
    return Deno.statSync("/etc/services").isFile;
  } catch {
    return false;
  }
}
