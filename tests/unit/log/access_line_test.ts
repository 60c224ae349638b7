/** Lines of the access log: as promised in docs/access-log.md, whatever a client calls itself. */

import fc from "fast-check";
import { accessLine, type ConnectionReport } from "../../../src/log/access_line.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const REPORT: ConnectionReport = {
  time: new Date("2030-01-02T03:04:05.678Z"),
  client: "198.51.100.7:50000",
  frontend: "192.0.2.1:443",
  serverName: "www.example.org",
  protocol: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  group: "x25519",
  resumed: false,
  alpn: "h2",
  ja4: "t13d3111h2_e8f1e7e78f70_1f22a2ca17c4",
  clientSubject: "CN=alice,O=Example",
  backend: "127.0.0.1:8000",
  bytesToBackend: 517,
  bytesToClient: 10_240,
  handshakeTime: 12.345,
  duration: 1_500,
  end: "reset",
  by: "client",
  reason: "connection reset",
};

/** A connection that never came to anything. */
const BARE: ConnectionReport = {
  ...REPORT,
  client: undefined,
  frontend: undefined,
  serverName: undefined,
  protocol: undefined,
  cipher: undefined,
  group: undefined,
  resumed: undefined,
  alpn: undefined,
  ja4: undefined,
  clientSubject: undefined,
  backend: undefined,
  bytesToBackend: 0,
  bytesToClient: 0,
  handshakeTime: undefined,
  duration: 0,
  by: undefined,
  reason: undefined,
};

Deno.test("accessLine() writes text in fields", () => {
  assertEquals(
    accessLine(REPORT, "text"),
    "2030-01-02T03:04:05.678Z client=198.51.100.7:50000 frontend=192.0.2.1:443 " +
      "sni=www.example.org tls=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 group=x25519 resumed=no " +
      "alpn=h2 ja4=t13d3111h2_e8f1e7e78f70_1f22a2ca17c4 client_subject=CN=alice,O=Example " +
      "backend=127.0.0.1:8000 to_backend=517 to_client=10240 handshake=0.012 duration=1.500 " +
      'end=reset by=client reason="connection reset"',
  );
});

Deno.test("accessLine() writes a dash in text for what there is not", () => {
  assertEquals(
    accessLine(BARE, "text"),
    "2030-01-02T03:04:05.678Z client=- frontend=- sni=- tls=- cipher=- group=- resumed=- alpn=- " +
      "ja4=- client_subject=- backend=- to_backend=0 to_client=0 handshake=- duration=0.000 " +
      "end=reset by=- reason=-",
  );
});

Deno.test("accessLine() writes JSON by the same names, without what there is not", () => {
  assertEquals(JSON.parse(accessLine(REPORT, "json")), {
    time: "2030-01-02T03:04:05.678Z",
    client: "198.51.100.7:50000",
    frontend: "192.0.2.1:443",
    sni: "www.example.org",
    tls: "TLSv1.3",
    cipher: "TLS_AES_256_GCM_SHA384",
    group: "x25519",
    resumed: false,
    alpn: "h2",
    ja4: "t13d3111h2_e8f1e7e78f70_1f22a2ca17c4",
    client_subject: "CN=alice,O=Example",
    backend: "127.0.0.1:8000",
    to_backend: 517,
    to_client: 10_240,
    handshake: 0.012,
    duration: 1.5,
    end: "reset",
    by: "client",
    reason: "connection reset",
  });
  assertEquals(JSON.parse(accessLine(BARE, "json")), {
    time: "2030-01-02T03:04:05.678Z",
    to_backend: 0,
    to_client: 0,
    duration: 0,
    end: "reset",
  });
});

Deno.test("accessLine() keeps hostile values within their field", () => {
  const hostile: [serverName: string, field: string][] = [
    ["-", 'sni="-"'],
    ["", 'sni=""'],
    ["a b", 'sni="a b"'],
    ['a" end=orderly "', 'sni="a\\" end=orderly \\""'],
    ["a\\b", 'sni="a\\\\b"'],
    ["a\nb", 'sni="a\\nb"'],
    ["\x1b[31m", 'sni="\\u001b[31m"'],
    ["\x7f\u009b", 'sni="\\u007f\\u009b"'],
    ["\u202egro.elpmaxe\u2028", 'sni="\\u202egro.elpmaxe\\u2028"'],
    ["\u{e0001}", 'sni="\\udb40\\udc01"'],
    ["zoë", 'sni="zoë"'],
  ];
  for (const [serverName, field] of hostile) {
    const line = accessLine({ ...REPORT, serverName }, "text");
    assert(line.includes(` ${field} tls=`), line);
    const json = accessLine({ ...REPORT, serverName }, "json");
    assertEquals(JSON.parse(json).sni, serverName);
    assert(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(json), json);
  }
  const long = "x".repeat(100_000);
  assert(accessLine({ ...REPORT, clientSubject: long, reason: long }, "text").length < 4_000);
});

Deno.test("accessLine() writes what can be read back, whatever the values", () => {
  const texts = fc.option(fc.string({ unit: "binary", maxLength: 200 }), { nil: undefined });
  const values = fc.record({
    serverName: texts,
    alpn: texts,
    clientSubject: texts,
    reason: texts,
    backend: texts,
    resumed: fc.option(fc.boolean(), { nil: undefined }),
    bytesToClient: fc.nat(),
    duration: fc.nat(),
  });
  fc.assert(fc.property(values, (given) => {
    const report = { ...REPORT, ...given };
    const text = readBack(accessLine(report, "text"));
    const json = JSON.parse(accessLine(report, "json"));
    for (
      const [name, value] of [
        ["sni", given.serverName],
        ["alpn", given.alpn],
        ["client_subject", given.clientSubject],
        ["reason", given.reason],
        ["backend", given.backend],
      ] as const
    ) {
      assertEquals(text.get(name), value);
      assertEquals(json[name], value);
    }
    assertEquals(json.resumed, given.resumed);
    assertEquals(text.get("to_client"), String(given.bytesToClient));
    assertEquals(json.duration, given.duration / 1000);
    assertEquals([...text.keys()].join(" "), NAMES);
  }));
});

/** A reader of the text form, as docs/access-log.md describes it. */
function readBack(line: string): Map<string, string | undefined> {
  const fields = new Map<string, string | undefined>();
  const [time, ...rest] = line.split(" ");
  assertEquals(time, "2030-01-02T03:04:05.678Z");
  const text = ` ${rest.join(" ")}`;
  const field = / ([a-z0-9_]+)=("(?:[^"\\]|\\.)*"|[^ "]+)/y;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    assert(match !== null, text);
    const [, name, value] = match;
    fields.set(
      name!,
      value === "-" ? undefined : value!.startsWith('"') ? JSON.parse(value!) : value,
    );
  }
  return fields;
}

const NAMES = "client frontend sni tls cipher group resumed alpn ja4 client_subject backend " +
  "to_backend to_client handshake duration end by reason";

Deno.test("a sampled line says last how many connections it stands for", () => {
  assert(accessLine(REPORT, "text", 100).endsWith(' reason="connection reset" sample=100'));
  assertEquals(JSON.parse(accessLine(REPORT, "json", 100)).sample, 100);
  assert(!accessLine(REPORT, "text").includes("sample"));
});
