/** Faults in the command line: each is one line that names the option and what is wrong, with status 1. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { freePort } from "../support/ports.ts";
import { startError, startErrorInProcess } from "../support/start_error.ts";
import { BY_OPENSSL } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

/** Arguments, and what the line must contain. */
const FAULTS: readonly (readonly [args: string[], ...words: string[]])[] = [
  [["--no-such-option"], "unknown option --no-such-option"],
  [["-v", "--self-signed"], "unknown option -v; for the version write -V", "-L 2"],
  [["--no-sandbox", "--self-signed"], "unknown option --no-sandbox; write --sandbox=off"],
  [["help"], '"help" is not an option', "--help"],
  [["--worker", "1", "--self-signed", "-n"], "-n/--workers needs a value"],
  [["-x"], "unknown option -x"],
  [["--self-signed", "-b"], "-b/--backend needs a value"],
  [["--self-signed", "--backend="], "--backend needs a value"],
  [["--self-signed", "-n", "two"], "-n/--workers", '"two"', "whole number from 1 to 1024"],
  [["--self-signed", "-n", "0"], "-n/--workers", '"0"'],
  [["--self-signed", "-n", "1000"], "--workers 1000: the max is 64", "--workers auto"],
  [["--self-signed", "-B", "1e3"], "-B/--backlog", '"1e3"'],
  [["--self-signed", "--max-handshakes", "0"], "--max-handshakes", '"0"', "number from 1 to"],
  [["--self-signed", "-k", "-1"], "-k/--keepalive", '"-1"'],
  [["--self-signed", "--drain-timeout", "soon"], "--drain-timeout", '"soon"', "seconds"],
  [["--self-signed", "-q=on"], "-q takes no value"],
  [["--self-signed", "--quiet=maybe"], "--quiet", '"maybe"', "neither on nor off"],
  [["--self-signed", "--syslog-facility", "local9"], "--syslog-facility", '"local9"', "local7"],
  [["--self-signed=a b"], "--self-signed", '"a b"', "neither a DNS name nor an IP address"],
  [["--self-signed", "-f", "443"], "-f/--frontend", '"443"', "write *,443"],
  [["--self-signed", "-b", "http://[::1]:8000/"], "-b/--backend", "write [::1]:8000 instead"],
  [["--self-signed", "-b", "[::1]:1", "-b", "[::1]:2"], "-b/--backend", "given 2 times"],
  [["--self-signed", "-f", "127.0.0.1"], "-f/--frontend", '"127.0.0.1"', "no port"],
  [["--self-signed", "-f", "127.0.0.1,65536"], "-f/--frontend", '"65536"', "not a port"],
  [["--self-signed", "-f", "[::1,443"], "-f/--frontend", "[HOST]:PORT"],
  [["--self-signed", "-f", "*,1", "-f", ",1"], "-f/--frontend", "the same frontend"],
  [["--self-signed", "-b", "*,80"], "-b/--backend", "* is for frontends"],
  [["--self-signed", "-b", "127.0.0.1,0"], "-b/--backend", '"127.0.0.1,0"'],
  [["--self-signed", "-b", `/${"x".repeat(200)}`], "-b/--backend", "201 bytes"],
  [["--self-signed", "--write-ip", "--write-proxy"], "--write-ip and --write-proxy exclude"],
  [["--self-signed", "--proxy-client-cert"], "--proxy-client-cert", "--write-proxy-v2"],
  [["--self-signed", "cert.pem"], '"cert.pem"', "--self-signed", "exclude each other"],
  [["--self-signed", "--tls-library=gnutls"], "--tls-library", '"gnutls"', "rustls, openssl"],
  [["--self-signed", "--tls-protos=TLSv1.4"], "--tls-protos", '"TLSv1.4"', "TLSv1.3"],
  [["--self-signed", "--client-verify=required"], "--client-verify", "--client-verify-ca"],
  [[""], "an argument is empty"],
  [[], "no PEM file given", "--self-signed"],
];

/** What rustls cannot do. */
const RUSTLS_CANNOT: typeof FAULTS = [
  [
    ["--tls-library=rustls", "one.pem", "two.pem"],
    '"two.pem"',
    "more than one PEM file needs OpenSSL",
  ],
  [["--tls-library=rustls", "--self-signed", "-c", "HIGH"], "-c/--ciphers", "needs OpenSSL"],
  [["--tls-library=rustls", "--self-signed", "--proxy-proxy"], "--proxy-proxy", "needs OpenSSL"],
];

/** Options of stud that this release cannot honour. */
const REFUSED: readonly (readonly [args: string[], ...words: string[]])[] = [
  [["--tls=off"], "--tls", "cannot be turned off"],
  [["--backend-ca=ca.pem"], "--backend-ca", "needs --client"],
  [["-U", "127.0.0.1,1"], "-U/--shared-cache-listen", "the same --ticket-secret FILE"],
  [["-P", "127.0.0.1,1"], "-P/--shared-cache-peer", "the same --ticket-secret FILE"],
  [["-M", "eth0"], "-M/--shared-cache-if", "the same --ticket-secret FILE"],
  [["-q", "-L2"], "-q/--quiet", "-L/--log-level 2 exclude each other"],
];

/** What only OpenSSL can find fault with. */
const OPENSSL_REFUSES: readonly (readonly [args: string[], ...words: string[]])[] = [
  [["-c", "NOSUCH"], "-c/--ciphers NOSUCH: ", "OpenSSL", "no cipher match"],
  [["--ciphersuites", "NOSUCH"], "--ciphersuites NOSUCH: ", "OpenSSL"],
  [["--ecdh-curve", "nosuch"], "--ecdh-curve nosuch: ", "OpenSSL"],
  [["--ecdh-curve", "X25519:P-257"], "--ecdh-curve X25519:P-257: ", "did you mean P-256?"],
  [["-e", "nosuch"], "-e/--ssl-engine nosuch: "],
];
/** Options of these that are also tried with workers: one that a context refuses, and one before there is a context. */
const IN_WORKERS: ReadonlySet<string> = new Set(["-c", "-e"]);

Deno.test("each fault of the command line is one line that names option and value", async () => {
  await eachRefused(FAULTS);
});

Deno.test("the program ends with the line, whether it is to serve or to test", async () => {
  for (const test of [[], ["-t"]]) {
    assertEquals(
      await startError([...test, "--self-signed", "-n", "two"]),
      await startErrorInProcess(["--self-signed", "-n", "two"]),
    );
  }
});

testWith({ notOnNode: true }, "what rustls cannot do is named with its option", async () => {
  await eachRefused(RUSTLS_CANNOT);
});

Deno.test("an option that this release cannot honour is refused by name, never ignored", async () => {
  await eachRefused(REFUSED.map(([args, ...words]) => [["--self-signed", ...args], ...words]));
});

testWith(
  { tools: ["openssl"], linux: true, keepsResources: true },
  "what OpenSSL does not take is named with its option",
  async () => {
    await eachRefused(
      OPENSSL_REFUSES.map(([args, ...words]) => [["-t", ...withOpenSsl(args)], ...words]),
    );
  },
);

// At a start it is the workers that find it, by the same contexts.
testWith(
  { tools: ["openssl"], linux: true },
  "what OpenSSL does not take in a worker is what the program ends with",
  async () => {
    for (
      const [args, ...words] of OPENSSL_REFUSES.filter(([[option]]) => IN_WORKERS.has(option!))
    ) {
      const line = await startError(withOpenSsl(args));
      for (const word of words) assertStringIncludes(line, word);
    }
  },
);

function withOpenSsl(args: readonly string[]): string[] {
  return [BY_OPENSSL, "--self-signed", "-f", "127.0.0.1,0", ...args];
}

Deno.test("a name that cannot be resolved is named with its option", async () => {
  await eachRefused([
    [["--self-signed", "-b", "backend.invalid,80"], "--backend", "backend.invalid"],
    [["--self-signed", "-f", "frontend.invalid,0"], "--frontend", "frontend.invalid"],
  ]);
});

Deno.test("a service that /etc/services does not know is named with its option", async () => {
  await eachRefused([
    [["--self-signed", "-f", "127.0.0.1,no-service"], "--frontend", "no-service"],
    [["--self-signed", "-b", "127.0.0.1,no-service"], "--backend", "no-service"],
  ]);
});

Deno.test("a backend that is a frontend of stud is refused, by -t too", async () => {
  const port = freePort();
  for (const [frontend, backend] of [["*", "localhost"], ["127.0.0.1", "0.0.0.0"]]) {
    const args = ["--self-signed", "-f", `${frontend},${port}`, "-b", `${backend},${port}`];
    const words = ["--backend ", `:${port} is stud's own --frontend `];
    await eachRefused([[args, ...words], [["-t", ...args], ...words]]);
  }
});

Deno.test("an address that this machine does not have is named", async () => {
  await eachRefused([[["--self-signed", "-f", "192.0.2.1,0"], "--frontend", "192.0.2.1"]]);
});

testWith(
  { root: true, linux: true },
  "unknown users and groups are named",
  async () => {
    await eachRefused([
      [["--self-signed", "-u", "no-such-user"], "--user no-such-user", "no such user"],
      [["--self-signed", "-g", "no-such-group"], "--group no-such-group", "no such group"],
    ]);
  },
);

testWith(
  { root: true, linux: true, notOnNode: true },
  "unknown directories are named",
  async () => {
    await eachRefused([
      [["--self-signed", "-r", "/no/such/dir"], "--chroot /no/such/dir", "no such directory"],
      [["--self-signed", "-r", "/etc/passwd"], "--chroot /etc/passwd", "no such directory"],
    ]);
  },
);

async function eachRefused(
  cases: readonly (readonly [args: string[], ...words: string[]])[],
): Promise<void> {
  for (const [args, ...words] of cases) {
    const line = await startErrorInProcess(args);
    for (const word of words) assertStringIncludes(line, word, args.join(" "));
  }
}
