import {
  formatAddress,
  isSameAddress,
  parseBackend,
  parseFrontend,
  parseStatus,
} from "../../../src/config/address.ts";
import type { TcpAddress } from "../../../src/config/settings.ts";
import { UsageError } from "../../../src/errors.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";

const tcp = (host: string, port: string): TcpAddress => ({ kind: "tcp", host, port });
const frontend = (text: string) => parseFrontend(text, "-f/--frontend");
const backend = (text: string) => parseBackend(text, "-b/--backend");
const status = (text: string) => parseStatus(text, "--status");
const PATH = ", or the absolute path of a unix socket";

Deno.test("an address is read in every form that stud and hitch write", () => {
  const forms: [string, string, string][] = [
    ["127.0.0.1,8000", "127.0.0.1", "8000"],
    ["[127.0.0.1]:8000", "127.0.0.1", "8000"],
    ["[127.0.0.1],8000", "127.0.0.1", "8000"],
    ["127.0.0.1:8000", "127.0.0.1", "8000"],
    ["example.com,https", "example.com", "https"],
    ["example.com:https", "example.com", "https"],
    ["[example.com]:https", "example.com", "https"],
    ["web_1.internal.,80", "web_1.internal.", "80"],
    ["::1,443", "::1", "443"],
    ["[::1],443", "::1", "443"],
    ["[::1]:443", "::1", "443"],
    ["[fe80::1%eth0]:443", "fe80::1%eth0", "443"],
    ["::ffff:192.0.2.1,443", "::ffff:192.0.2.1", "443"],
  ];
  for (const [text, host, port] of forms) {
    assertEquals(frontend(text), tcp(host, port), text);
    assertEquals(backend(text), tcp(host, port), text);
  }
});

Deno.test("a frontend without a host listens on every address", () => {
  for (const text of ["*,8443", ",8443", "[*]:8443", "[]:8443", "*:8443", ":8443"]) {
    assertEquals(frontend(text), tcp("*", "8443"), text);
  }
});

Deno.test("a port keeps no leading zeros and ends at 65535", () => {
  assertEquals(frontend("*,0443").port, "443");
  assertEquals(frontend("*,65535").port, "65535");
  for (
    const port of ["65536", "99999999999999999999", "-1", "+1", " 80", "80 ", "8443+a.pem", ""]
  ) {
    const { message } = assertThrows(() => frontend(`*,${port}`), UsageError);
    assertStringIncludes(message, `-f/--frontend: "*,${port}": "${port}" is not a port`);
  }
});

Deno.test("only a frontend leaves the port to the system", () => {
  for (const text of ["*,0", "*,00000"]) assertEquals(frontend(text).port, "0");
  assertThrows(
    () => backend("127.0.0.1,00"),
    UsageError,
    '-b/--backend: "127.0.0.1,00": a backend',
  );
});

Deno.test("a backend needs one host", () => {
  for (const text of ["*,80", "[*]:80", "*:80"]) {
    assertThrows(
      () => backend(text),
      UsageError,
      `-b/--backend: "${text}": a backend needs one host`,
    );
  }
});

Deno.test("a backend without a host is this machine, as with stud 0.3", () => {
  for (const text of [",8000", ":8000", "[]:8000", "[],8000"]) {
    assertEquals(backend(text), tcp("127.0.0.1", "8000"), text);
  }
  assertThrows(() => backend(","), UsageError, '"" is not a port');
});

Deno.test("text that is no address is refused with what was probably meant", () => {
  const frontends: [string, string][] = [
    ["443", "it has no host; write *,443 for every address of this machine"],
    ["*", "it has no port; write *,PORT"],
    ["127.0.0.1", "it has no port; write 127.0.0.1,PORT"],
    ["[::1]", "it has no port; write [::1]:PORT"],
    ["::1:443", "write an IPv6 host as [HOST]:PORT, such as [::1]:443"],
    ["::1", "write an IPv6 host as [HOST]:PORT, such as [::1]:PORT"],
    ["https://*:443/", "this is a URL; write *:443 instead"],
    ["https://", "this is a URL; write *:443 instead"],
    ["stud.sock", "it has no port; write stud.sock,PORT"],
    ["run/stud.sock", "stud listens on TCP addresses only, not on unix sockets; write HOST,PORT"],
    ["/run/stud.sock", "stud listens on TCP addresses only, not on unix sockets; write HOST,PORT"],
    [
      "unix:/run/stud.sock",
      "stud listens on TCP addresses only, not on unix sockets; write HOST,PORT",
    ],
  ];
  const backends: [string, string][] = [
    ["8000", "it has no host; write 127.0.0.1,8000 for a service on this machine"],
    ["localhost", `it has no port; write localhost,PORT${PATH}`],
    ["app.sock", `it has no port; write app.sock,PORT${PATH}`],
    ["*", "it has no port; write *,PORT"],
    ["run/app.sock", "the path of a unix socket begins with /"],
    ["http://127.0.0.1:8000", "this is a URL; write 127.0.0.1:8000 instead"],
    ["HTTP://127.0.0.1:8000/", "this is a URL; write 127.0.0.1:8000 instead"],
    ["http://app.example/x?y", "this is a URL; write app.example:80 instead"],
    ["http://[::1]:80", "this is a URL; write [::1]:80 instead"],
    ["tcp://10.0.0.1", "this is a URL; write 10.0.0.1:PORT instead"],
    ["http://me@host:80", "this is a URL; write HOST:PORT instead"],
    [
      "https://app.example",
      "this is a URL; write app.example:443 instead; stud sends plaintext to the backend unless " +
      "--client is given",
    ],
    ["unix:/run/app.sock", "this is a URL; write /run/app.sock instead"],
    ["unix:///run/app.sock", "this is a URL; write /run/app.sock instead"],
    ["./app.sock", "the path of a unix socket begins with /"],
  ];
  const all = [
    ...frontends.map(([text, hint]) => ["-f/--frontend", frontend, text, hint] as const),
    ...backends.map(([text, hint]) => ["-b/--backend", backend, text, hint] as const),
    ["--status", status, "stud.sock", `it has no port; write stud.sock,PORT${PATH}`] as const,
  ];
  for (const [origin, parse, text, hint] of all) {
    const { message } = assertThrows(() => parse(text), UsageError);
    assertEquals(message, `${origin}: ${JSON.stringify(text)}: ${hint}`);
  }
});

Deno.test("hosts that begin like a URL are hosts", () => {
  assertEquals(backend("unix:80"), tcp("unix", "80"));
  assertEquals(backend("http:80"), tcp("http", "80"));
});

Deno.test("text that is no address is refused with option, text and reason", () => {
  const refused: [string, string][] = [
    ["8443", "it has no host"],
    ["localhost", "it has no port"],
    ["", "it has no port"],
    ["::1", "write an IPv6 host as [HOST]:PORT"],
    ["::1:443", "write an IPv6 host as [HOST]:PORT"],
    ["[::1", "not of the form [HOST]:PORT"],
    ["[::1]:", '"" is not a port'],
    ["[::1]443", "not of the form [HOST]:PORT"],
    ["a b,80", '"a b" is not a host name or IP address'],
    ["a/b,80", '"a/b" is not a host name or IP address'],
    ["-a,80", '"-a" is not a host name or IP address'],
    ["a..b,80", '"a..b" is not a host name or IP address'],
    ["256.0.0.1,80", '"256.0.0.1" is not an IP address'],
    ["127.1,80", '"127.1" is not an IP address'],
    ["[:::1]:80", '":::1" is not an IP address'],
    ["127.0.0.1,80,90", '"80,90" is not a port'],
  ];
  for (const [text, reason] of refused) {
    const { message } = assertThrows(() => frontend(text), UsageError);
    assertStringIncludes(message, `-f/--frontend: "${text}": `);
    assertStringIncludes(message, reason);
  }
});

Deno.test("a backend may be a unix socket of at most 107 bytes", () => {
  const longest = "/" + "a".repeat(106);
  assertEquals(backend(longest), { kind: "unix", path: longest });
  assertEquals(backend("/run/a,b:1"), { kind: "unix", path: "/run/a,b:1" });
  assertThrows(() => backend(longest + "a"), UsageError, "the path has 108 bytes");
  assertThrows(() => backend("/" + "é".repeat(54)), UsageError, "the path has 109 bytes");
  assertThrows(() => backend("/run/\0"), UsageError, "NUL");
  assertThrows(() => frontend("/run/stud.sock"), UsageError, '-f/--frontend: "/run/stud.sock"');
});

Deno.test("formatAddress() writes what the parsers read back", () => {
  for (
    const text of ["*:8443", "127.0.0.1:80", "[::1]:443", "[fe80::1%eth0]:1", "localhost:http"]
  ) {
    assertEquals(formatAddress(frontend(text)), text);
  }
  assertEquals(formatAddress(backend("/run/web.sock")), "/run/web.sock");
});

Deno.test("two spellings of one address are the same, two ports of 0 are not", () => {
  const same = (one: string, other: string) => isSameAddress(frontend(one), frontend(other));
  assertEquals(same("*,443", "[*]:0443"), true);
  assertEquals(same("::1,443", "[0:0::0:0001]:443"), true);
  assertEquals(same("Example.COM,HTTPS", "example.com:https"), true);
  assertEquals(same("::,443", "*,443"), false);
  assertEquals(same("127.0.0.1,443", "127.0.0.1,444"), false);
  assertEquals(same("fe80::1%a,443", "fe80::1%b,443"), false);
  assertEquals(same("*,0", "*,0"), false);
});
