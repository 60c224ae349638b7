/** What a program may pass to the library, and what it is told about everything else. */

import { UsageError } from "../../../src/errors.ts";
import { checkCloseOptions, checkOptions } from "../../../src/library/check_options.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const pem = PEM;

const REFUSED: readonly (readonly [options: unknown, message: string])[] = [
  [undefined, "terminate(): expected an object with options, got undefined; give pem ("],
  [null, "terminate(): expected an object with options, got null; give pem ("],
  [[], "terminate(): expected an object with options, got an empty array"],
  [Promise.resolve({ pem }), "got a promise; await it first"],
  [new Map(), "got a Map"],
  [
    {},
    "no certificate: give pem (PEM as text or bytes), pemFile or pemDir (paths), or selfSigned: true",
  ],
  [{ backend: "127.0.0.1,1", selfSigned: false }, "no certificate: "],
  [{ frontend: ["*,1+a.pem", "*,2"] }, "no certificate: "],
  [{ pem: undefined, pemFile: undefined }, "no certificate: "],
  // Names.
  [
    { pem, bakcend: "127.0.0.1,1" },
    "bakcend: terminate() has no such option; did you mean backend?",
  ],
  [{ pemfile: "a" }, "pemfile: terminate() has no such option; did you mean pemFile?"],
  [{ pem, "ssl-handshake-timeout": 1 }, "did you mean handshakeTimeout?"],
  [{ pem, sslHandshakeTimeout: 1 }, "did you mean handshakeTimeout?"],
  [
    { cert: PEM, key: PEM },
    "cert: terminate() has no such option; use pem for certificate, chain and key",
  ],
  [
    { pem, port: 443 },
    'port: terminate() has no such option; to choose where to listen use frontend: "HOST,',
  ],
  [{ pem, workers: 2 }, "workers: terminate() has no such option; only the stud command has it"],
  [{ pem, signal: AbortSignal.abort() }, "signal: terminate() has no such option; call close()"],
  [{ pem, constructor: 1 }, "constructor: terminate() has no such option"],
  [{ pem, "a\nb": 1 }, "a\\nb: terminate() has no such option"],
  [{ pem, frontend: { adress: "*,1" } }, "frontend.adress: a frontend has no such option; did you"],
  [
    { pem, frontend: ["*,1", { address: "*,2", backlog: 1 }] },
    "frontend[1].backlog: a frontend has",
  ],
  // PEM and paths.
  [
    { pem: "" },
    'pem: expected PEM (certificate, chain and private key) as a string, Buffer or Uint8Array, got the string ""',
  ],
  [{ pem: "a.pem" }, 'got the string "a.pem"; a path goes to pemFile'],
  [{ pem: new Uint8Array() }, "got bytes (Uint8Array)"],
  [{ pem: new DataView(new ArrayBuffer(1)) }, "pem: expected PEM"],
  [{ pem: [PEM] }, "got an array"],
  [{ pem: Promise.resolve(PEM) }, "got a promise; await it first"],
  [
    { pemFile: PEM },
    "pemFile: expected the path of a file, a string, or an array of them, got PEM text; PEM itself goes to pem",
  ],
  [{ pemFile: new TextEncoder().encode(PEM) }, "got bytes (Uint8Array); PEM itself goes to pem"],
  [{ pemFile: ["a", PEM] }, "pemFile[1]: expected the path of a file, a string, got PEM text"],
  [{ pemFile: [] }, "got an empty array"],
  [
    { pemFile: ["a", undefined] },
    "pemFile[1]: expected the path of a file, a string, got undefined",
  ],
  // deno-lint-ignore no-sparse-arrays -- that is what is tried
  [{ pemFile: [, "a"] }, "pemFile[0]: expected the path of a file, a string, got undefined"],
  [
    { pemFile: "" },
    'pemFile: expected the path of a file, a string, or an array of them, got the string ""',
  ],
  [{ pemFile: new URL("file:///a") }, "got a URL"],
  [{ pemDir: ["a"] }, "pemDir: expected the path of a file, a string, got an array"],
  [
    { pem, clientVerifyCa: PEM },
    "clientVerifyCa: expected the path of a file, a string, got PEM text; write it to a file first",
  ],
  [{ pem, pemFile: "a" }, "pem and pemFile exclude each other; give one"],
  [{ pem, pemDir: "a" }, "pem and pemDir exclude each other; give one"],
  [{ pem, privateKeyFile: "a" }, "pem and privateKeyFile exclude each other; give one"],
  [{ pem, selfSigned: true }, "pem and selfSigned exclude each other; give one"],
  [
    { selfSigned: 1 },
    "selfSigned: expected a DNS name or an IP address, or true for localhost, got the number 1",
  ],
  // Types.
  [
    { pem, backend: 8000 },
    'backend: expected a string "HOST,PORT", "[HOST]:PORT" or the path of a unix socket, got the number 8000',
  ],
  [{ pem, backend: null }, "got null"],
  [{ pem, backend: { host: "a", port: 1 } }, "got an object"],
  [{ pem, frontend: 443 }, "frontend: expected a string"],
  [{ pem, frontend: [] }, "frontend: expected a string"],
  [{ pem, frontend: ["*,1", 2] }, "frontend[1]: expected a string"],
  [
    { pem, frontend: {} },
    'frontend.address: expected a string "HOST,PORT" or "[HOST]:PORT", got undefined',
  ],
  [
    { pem, frontend: { address: "*,1", maxConnections: "5" } },
    "frontend.maxConnections: expected a whole number from 0 to 10000000, got the string",
  ],
  [{ pem, client: "false" }, 'client: expected true or false, got the string "false"'],
  [
    { pem, alpnProtocols: "h2" },
    'alpnProtocols: expected an array of strings, one name each, got the string "h2"',
  ],
  [{ pem, alpnProtocols: [] }, "got an empty array"],
  [{ pem, alpnProtocols: ["h2,http/1.1"] }, "alpnProtocols[0]: expected a string, one name"],
  [
    { pem, tlsProtocols: [1.3] },
    "tlsProtocols[0]: expected a string, one name, got the number 1.3",
  ],
  [{ pem, allowCn: [] }, "allowCn: an empty list would allow every client"],
  [{ pem, allowCn: ["a", null] }, "allowCn[1]: expected a string, got null"],
  [{ pem, preface: "proxyv2" }, '"proxy-proxy", got the string "proxyv2"; did you mean proxy-v2?'],
  [{ pem, preface: "toString" }, "preface: expected one of"],
  [{ pem, onConnection: {} }, "onConnection: expected a function, got an object"],
  [{ pem, ciphers: Symbol("a") }, "ciphers: expected a string, got a symbol"],
  // Numbers.
  [
    { pem, keepalive: "60" },
    'keepalive: expected a whole number of seconds from 1 to 32767, got the string "60"',
  ],
  [{ pem, keepalive: NaN }, "got NaN"],
  [{ pem, keepalive: 1.5 }, "got the number 1.5"],
  [
    { pem, backlog: -1 },
    "backlog: expected a whole number from 1 to 2147483647, got the number -1",
  ],
  [
    { pem, handshakeTimeout: 0 },
    "handshakeTimeout: expected a number of seconds from 0.1 to 86400, got the number 0",
  ],
  [{ pem, stallTimeout: Infinity }, "got the number Infinity"],
  [{ pem, maxConnections: 1n }, "got the bigint 1"],
];

for (const [options, message] of REFUSED) {
  Deno.test(`checkOptions() refuses: ${message}`, () => {
    const error = assertThrows(() => checkOptions(options), UsageError, message);
    assert(error instanceof TypeError);
    assertEquals(error.message.split("\n").length, 1);
    assert(!error.message.includes("AAAA"), "PEM may hold a key");
  });
}

Deno.test("checkOptions() takes what the types allow, and leaves out what is undefined", () => {
  class Options {
    pemFile = ["a", "b"];
  }
  const onConnection = () => {};
  const taken: object[] = [
    new Options(),
    { pem: new TextEncoder().encode(PEM), onConnection, backend: "/run/a.sock" },
    { frontend: { address: "*,1+a.pem", maxConnections: 0 } },
    { client: true, backendVerify: false },
    { selfSigned: "a.example", handshakeTimeout: 0.5, alpnProtocols: Object.freeze(["h2"]) },
    { selfSigned: false, pemDir: "a", preface: "none", allowSan: "DNS:a" },
  ];
  for (const options of taken) assertEquals(checkOptions(options), { ...options });
  assertEquals<unknown>(checkOptions({ pem, nonsense: undefined, client: undefined }), { pem });
});

Deno.test("checkOptions() takes bytes of another realm", async () => {
  const { runInNewContext } = await import("node:vm");
  const bytes = runInNewContext("new Uint8Array([45, 45])");
  assert(!(bytes instanceof Uint8Array));
  assertEquals<unknown>(checkOptions({ pem: bytes }), { pem: bytes });
});

Deno.test("checkCloseOptions() takes a time within the week, or none", () => {
  assertEquals(checkCloseOptions(undefined), {});
  assertEquals(checkCloseOptions({ drainTimeout: undefined }), {});
  assertEquals(checkCloseOptions({ drainTimeout: 0.5 }), { drainTimeout: 0.5 });
  for (const drainTimeout of [null, "1", NaN, -1, Infinity, 604_801]) {
    assertThrows(() => checkCloseOptions({ drainTimeout }), TypeError, "from 0 to 604800, got");
  }
});
