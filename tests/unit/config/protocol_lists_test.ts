import { parseAlpnProtocols, parseTlsProtocols } from "../../../src/config/protocol_lists.ts";
import type { TlsProtocol } from "../../../src/config/settings.ts";
import { assertEquals } from "../../support/assert.ts";
import { refusalOf, settingsOf } from "./settings_of.ts";

Deno.test("parseTlsProtocols() takes any order and separator, and each version once", () => {
  const lists: [string, TlsProtocol[]][] = [
    ["TLSv1.2 TLSv1.3", ["TLSv1.2", "TLSv1.3"]],
    ["TLSv1.3,TLSv1.2", ["TLSv1.2", "TLSv1.3"]],
    [" TLSv1.3 , TLSv1.1\tTLSv1.3 ", ["TLSv1.1", "TLSv1.3"]],
    ["TLSv1", ["TLSv1.0"]],
    ["TLSv1.0 TLSv1", ["TLSv1.0"]],
    ["tlsv1.2 TLSV1", ["TLSv1.0", "TLSv1.2"]],
  ];
  for (const [text, expected] of lists) assertEquals(parseTlsProtocols(text), expected, text);
});

Deno.test("parseTlsProtocols() says what is wrong with other names", () => {
  assertEquals(
    parseTlsProtocols("TLSv1.2 DTLSv1.2"),
    "is not a list of TLSv1.0, TLSv1.1, TLSv1.2, TLSv1.3",
  );
  for (const text of ["TLS1.2", "tlsv12", "TLSv1_2", "1.2"]) {
    assertEquals(
      parseTlsProtocols(text),
      "is not a list of TLSv1.0, TLSv1.1, TLSv1.2, TLSv1.3; did you mean TLSv1.2?",
    );
  }
  assertEquals(
    parseTlsProtocols("TLSv1.4"),
    "is not a list of TLSv1.0, TLSv1.1, TLSv1.2, TLSv1.3",
  );
  assertEquals(parseTlsProtocols(" , "), "names no version");
  assertEquals(
    parseTlsProtocols("TLSv1.2 sslV3", { SSLv3: "it is broken" }),
    "is not possible: it is broken",
  );
});

Deno.test("SSLv3 and SSLv2 are refused with the reason", () => {
  assertEquals(
    refusalOf(["--tls-protos", "SSLv3 TLSv1.2", "a.pem"]),
    '--tls-protos: "SSLv3 TLSv1.2" is not possible: SSLv3 is broken (POODLE, RFC ' +
      "7568), and packages of OpenSSL 3 are built without it; use versions of TLS only",
  );
  assertEquals(
    refusalOf(["a.pem"], "tls-protos = SSLv2").startsWith(
      'stud.conf:1:14: tls-protos: "SSLv2" is not possible: SSLv2 is broken (RFC 6176)',
    ),
    true,
  );
});

Deno.test("parseAlpnProtocols() keeps the order of preference and takes every visible name", () => {
  assertEquals(parseAlpnProtocols("h2, http/1.1"), ["h2", "http/1.1"]);
  assertEquals(parseAlpnProtocols("http/1.1 h2,,http/1.1 "), ["http/1.1", "h2"]);
  const longest = "a".repeat(255);
  assertEquals(parseAlpnProtocols(longest), [longest]);
});

Deno.test("parseAlpnProtocols() refuses what the extension cannot carry, and nothing at all", () => {
  const reason = "is not a list of protocol names, which have 1 to 255 visible ASCII characters";
  for (const text of ["a".repeat(256), "h2,\x01", "hé", "h2 \x7f"]) {
    assertEquals(parseAlpnProtocols(text), reason);
  }
  assertEquals(parseAlpnProtocols(", ,"), "names no protocol");
});

Deno.test("--ssl is every version, and excludes a list of others", () => {
  const every: TlsProtocol[] = ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
  assertEquals(settingsOf(["--ssl", "a.pem"]).tlsProtocols, every);
  assertEquals(settingsOf(["--ssl", "--ssl=off", "a.pem"]).tlsProtocols, ["TLSv1.2", "TLSv1.3"]);
  assertEquals(
    settingsOf(["--ssl", "a.pem"], "tls-protos = 'TLSv1.2 TLSv1.3'").tlsProtocols,
    every,
  );
  assertEquals(
    refusalOf(["--ssl", "a.pem"], "tls-protos = TLSv1.3"),
    "--ssl and stud.conf:1:14: tls-protos exclude each other; give one",
  );
});
