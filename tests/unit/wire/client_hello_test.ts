/** What a ClientHello says, however it arrives, and what is refused instead. */

import fc from "fast-check";
import {
  type ClientHello,
  LONGEST_HELLO,
  parseClientHello,
} from "../../../src/wire/client_hello.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { helloHeader, join, realClientHello, records } from "../../support/client_hello.ts";
import {
  extension,
  fragmented,
  FRESH,
  hello,
  host,
  identities,
  type Octets,
  protocols,
  REAL,
  RESUMING,
  serverNames,
  text,
  TICKET_NAME,
  zeros,
} from "../../support/hello_samples.ts";

const INCOMPLETE = { kind: "incomplete" } as const;
const NOT_TLS = "not TLS (plain HTTP, a PROXY line or another protocol)";
const UNEXPECTED = "the client broke the protocol (unexpected message)";
const RECORD = "malformed TLS record";
const MESSAGE = "malformed TLS message";
const NAME = "malformed server name";
const TOO_LONG = "a ClientHello of more than 32 KiB";

/** Reason, alert, and the shortest octets that are refused: one fewer is incomplete. */
const REFUSED: Readonly<Record<string, readonly [string, number, Octets]>> = {
  "plain HTTP": [NOT_TLS, 50, text("G")],
  "a PROXY line": [NOT_TLS, 50, text("P")],
  "a PROXY header of version 2": [NOT_TLS, 50, [13]],
  "what only begins like a handshake": [NOT_TLS, 50, [22, 2]],
  "what only begins like an alert": [NOT_TLS, 50, [21, 0]],
  "what only begins like data": [NOT_TLS, 50, [23, 3, 5]],
  "what only begins like SSLv2": [NOT_TLS, 50, text("ä!")],
  "an SSLv2 hello": ["an SSLv2 ClientHello, which is obsolete and insecure", 70, [0x80, 0x2e, 1]],
  "application data": [UNEXPECTED, 10, [23, 3, 3]],
  "data of TLS 1.3": [UNEXPECTED, 10, [23, 3, 4]],
  "an alert": [UNEXPECTED, 10, [21, 3, 1]],
  "a change of ciphers": [UNEXPECTED, 10, [20, 3, 3]],
  "a ServerHello": [UNEXPECTED, 10, [22, 3, 3, 0, 8, 2]],
  "an alert within the hello": [UNEXPECTED, 10, [22, 3, 1, 0, 2, 1, 0, 21]],
  "a record of nothing": [RECORD, 50, [22, 3, 1, 0, 0]],
  "a later record of nothing": [RECORD, 50, [22, 3, 1, 0, 1, 1, 22, 3, 1, 0, 0]],
  "a later record of another version": [RECORD, 50, [22, 3, 1, 0, 1, 1, 22, 4]],
  "a record of 64 KiB": [RECORD, 22, [22, 3, 1, 255]],
  "a record of 16 KiB and an octet": [RECORD, 22, [22, 3, 1, 0x40, 1]],
  "a hello of 64 KiB": [TOO_LONG, 47, [22, 3, 1, 0x40, 0, 1, 1]],
  "a hello of 32 KiB": [TOO_LONG, 47, [22, 3, 1, 0x40, 0, 1, 0, 0x80]],
  "a hello that no two records hold": [TOO_LONG, 47, [22, 3, 1, 0x40, 0, 1, 0, 0x7f, 0xf3]],
  "a hello that is too short": [MESSAGE, 50, records(helloHeader(40))],
};

/** Complete hellos: reason, alert, extensions. */
const REFUSED_EXTENSIONS: Readonly<Record<string, readonly [string, number, readonly Octets[]]>> = {
  "two lists of server names": [MESSAGE, 47, [serverNames(host("a")), serverNames(host("a"))]],
  "two lists of protocols": [MESSAGE, 47, [protocols("h2"), protocols("h2")]],
  "two tickets": [MESSAGE, 47, [extension(35, []), extension(35, [])]],
  "PSKs that are not the last": [MESSAGE, 47, [identities([16]), extension(35, [])]],
  "an extension that is cut": [MESSAGE, 50, [[0, 35, 0, 1]]],
  "an extension without a length": [MESSAGE, 50, [[0, 35, 0]]],
  "no list of protocols": [MESSAGE, 50, [extension(16, [])]],
  "an empty list of protocols": [MESSAGE, 50, [extension(16, [0, 0])]],
  "an empty protocol": [MESSAGE, 50, [protocols("h2", "")]],
  "a protocol that is cut": [MESSAGE, 50, [extension(16, [0, 3, 3, 104, 50])]],
  "octets after the protocols": [MESSAGE, 50, [extension(16, [0, 3, 2, 104, 50, 0])]],
  "no PSKs": [MESSAGE, 50, [extension(41, [])]],
  "an empty list of PSKs": [MESSAGE, 50, [extension(41, [0, 0, 0, 33, ...zeros(33)])]],
  "an empty PSK": [MESSAGE, 50, [identities([16, 0])]],
  "PSKs without binders": [MESSAGE, 50, [identities([16], 0)]],
  "no server names": [NAME, 50, [extension(0, [])]],
  "an empty list of server names": [NAME, 50, [serverNames()]],
  "a server name that is cut": [NAME, 50, [serverNames([0, 0, 2, 97])]],
  "octets after the server names": [NAME, 50, [extension(0, [0, 4, 0, 0, 1, 97, 0])]],
  "two server names": [NAME, 47, [serverNames(host("a"), host("b"))]],
  "a server name with a NUL": [NAME, 112, [serverNames(host("a\0b"))]],
  "a server name of 256 octets": [NAME, 112, [serverNames(host("a".repeat(256)))]],
};

/** What follows the random. */
const REFUSED_STARTS: Readonly<Record<string, Octets>> = {
  "a session id of 33 octets": [33, ...zeros(33), 0, 2, 0x13, 1, 1, 0],
  "a session id that is cut": [9, 0, 2, 0x13, 1],
  "no cipher suites": [0, 0, 0, 1, 0],
  "half a cipher suite": [0, 0, 3, 0x13, 1, 0x13, 1, 0],
  "cipher suites that are cut": [0, 0, 10, 0x13, 1],
  "nothing after the cipher suites": [0, 0, 8, 0x13, 1],
  "no compression methods": [0, 0, 2, 0x13, 1, 0],
  "compression methods that are cut": [0, 0, 2, 0x13, 1, 8, 0],
  "a list of extensions that is cut": [0, 0, 2, 0x13, 1, 6, 0],
  "a list of extensions that ends early": [0, 0, 2, 0x13, 1, 1, 0, 0, 0],
};

function faultFor(reason: string) {
  if (reason === NOT_TLS) return { fault: "not-tls" } as const;
  return reason.includes("SSLv2") ? { fault: "old-version" } as const : {};
}

for (const [what, [reason, alert, bytes]] of Object.entries(REFUSED)) {
  Deno.test(`parseClientHello() refuses ${what} at the first octet that shows it`, () => {
    const whole = Uint8Array.from(bytes);
    const refused = { kind: "refused", ...faultFor(reason), reason, alert } as const;
    assertEquals(parseClientHello(whole), refused);
    assertEquals(parseClientHello(whole.subarray(0, -1)), INCOMPLETE);
    assertEquals(parseClientHello(join([whole, zeros(40)])), refused);
  });
}

for (const [what, [reason, alert, extensions]] of Object.entries(REFUSED_EXTENSIONS)) {
  Deno.test(`parseClientHello() refuses ${what}`, () => {
    assertEquals(parseClientHello(hello(extensions)), { kind: "refused", reason, alert });
  });
}

Deno.test("parseClientHello() takes what can be no host's name, but not for a name", () => {
  const strange = [
    ...["", ".", "a..b", ".a", "a..", "a b", "a/b", "ä.de", "[::1]", "::1::", "\x1b[2J", "*.de"],
    ...["x\n2026 error: y", "\u202etxt", "a".repeat(254) + "/"],
  ];
  for (const name of strange) {
    const { serverName, strangeName } = accepted(hello([serverNames(host(name))]));
    assertEquals([serverName, strangeName], [undefined, name]);
  }
  const { strangeName } = accepted(hello([extension(0, [0, 5, 0, 0, 2, 0xff, 0xfe])]));
  assertEquals(strangeName, "\ufffd\ufffd");
});

Deno.test("parseClientHello() takes an IP address of either kind for a name", () => {
  for (const name of ["127.0.0.1", "::1", "2001:DB8::1", "::ffff:192.0.2.1"]) {
    const { serverName, strangeName } = accepted(hello([serverNames(host(name))]));
    assertEquals([serverName, strangeName], [name.toLowerCase(), undefined]);
  }
});

for (const [what, start] of Object.entries(REFUSED_STARTS)) {
  Deno.test(`parseClientHello() refuses ${what}`, () => {
    const refused = { kind: "refused", reason: MESSAGE, alert: 50 } as const;
    const bytes = hello([extension(35, [])], start);
    assertEquals(parseClientHello(bytes), refused);
    assertEquals(parseClientHello(join([bytes, zeros(300)])), refused);
  });
}

Deno.test("parseClientHello() reads the name and the protocols that a client asks for", () => {
  assertEquals(bare(FRESH), {
    serverName: "www.example.org",
    alpnProtocols: ["h2", "http/1.1"],
    ticketNames: [],
  });
});

for (const version of ["TLS 1.2", "TLS 1.3"] as const) {
  Deno.test(`parseClientHello() names the ticket of a ${version} client without a copy`, () => {
    const bytes = RESUMING[version];
    const { serverName, ticketNames } = accepted(bytes);
    assertEquals([serverName, ticketNames], ["www.example.org", [TICKET_NAME]]);
    assert(ticketNames[0]!.buffer === bytes.buffer);
  });
}

Deno.test("parseClientHello() reads the hello of this runtime's client", async () => {
  assertEquals(accepted(await realClientHello()).serverName, "localhost");
});

Deno.test("parseClientHello() names a ticket and every PSK of 16 octets or more", () => {
  const ticket = extension(35, zeros(16).fill(9));
  const { ticketNames } = accepted(hello([ticket, identities([16, 15, 40, 1])]));
  assertEquals(ticketNames.map(([first]) => first), [9, 0, 2]);
  assertEquals(ticketNames.map(({ length }) => length), [16, 16, 16]);
  assertEquals(accepted(hello([extension(35, zeros(15))])).ticketNames, []);
});

Deno.test("parseClientHello() takes a hello that asks for nothing", () => {
  const nothing = { serverName: undefined, alpnProtocols: [], ticketNames: [] };
  assertEquals(bare(hello()), nothing);
  assertEquals(bare(hello([])), nothing);
  assertEquals(bare(hello([extension(43, [2, 3, 4]), extension(43, [])])), nothing);
});

Deno.test("parseClientHello() leaves versions to the library", () => {
  for (const version of [[3, 0], [3, 9], [4, 0]]) {
    const bytes = hello();
    bytes.set(version, 9);
    accepted(bytes);
  }
});

Deno.test("parseClientHello() reads names in lower case, without the last dot, up to 255 octets", () => {
  const read = (name: string) => accepted(hello([serverNames(host(name))])).serverName;
  assertEquals(["A_b-1.X", "a.org.", "127.0.0.1"].map(read), ["a_b-1.x", "a.org", "127.0.0.1"]);
  assertEquals(read("a".repeat(255)), "a".repeat(255));
});

Deno.test("parseClientHello() skips server names of unknown types", () => {
  const unknown = [7, 0, 2, 1, 2];
  assertEquals(accepted(hello([serverNames(unknown, host("a"))])).serverName, "a");
  assertEquals(accepted(hello([serverNames(unknown)])).serverName, undefined);
});

Deno.test("parseClientHello() reads a protocol octet by octet", () => {
  const { alpnProtocols } = accepted(hello([extension(16, [0, 5, 2, 0, 255, 1, 65])]));
  assertEquals(alpnProtocols, ["\0\xff", "A"]);
  assertEquals(accepted(hello([protocols("a")])).alpnProtocols, ["a"]);
});

Deno.test("parseClientHello() waits for the last octet and ignores what follows", () => {
  for (const bytes of REAL) {
    const whole = verdictOf(bytes);
    for (let length = 0; length < bytes.length; length++) {
      assertEquals(verdictOf(bytes.subarray(0, length)), INCOMPLETE);
    }
    assertEquals(verdictOf(join([bytes, [21, 0, 0, 255, 255]])), whole);
    assertEquals(verdictOf(join([[1, 2, 3], bytes]).subarray(3)), whole);
  }
});

Deno.test("parseClientHello() takes two records cut anywhere, and records of one octet", () => {
  for (const bytes of REAL) {
    const whole = verdictOf(bytes);
    const cuts = Array.from({ length: bytes.length - 6 }, (_, at) => at + 1);
    for (const cut of cuts) assertEquals(verdictOf(fragmented(bytes, [cut])), whole);
    const single = fragmented(bytes, cuts);
    for (let length = 0; length < single.length; length++) {
      assertEquals(verdictOf(single.subarray(0, length)), INCOMPLETE);
    }
    assertEquals(verdictOf(single), whole);
  }
});

Deno.test("parseClientHello() never waits for more than LONGEST_HELLO octets", () => {
  const fits = hello([extension(21, zeros(LONGEST_HELLO - 61))]);
  assertEquals([fits.length, verdictOf(fits).kind], [LONGEST_HELLO, "hello"]);
  const more = fragmented(fits, [1]);
  assertEquals(verdictOf(more.subarray(0, LONGEST_HELLO - 1)), INCOMPLETE);
  const refused = { kind: "refused", reason: TOO_LONG, alert: 47 } as const;
  assertEquals(verdictOf(more.subarray(0, LONGEST_HELLO)), refused);
  assertEquals(verdictOf(more), refused);
});

Deno.test("parseClientHello() judges mutants alike in any records, whatever follows", () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 520 }), { maxLength: 5 });
  const kinds = { incomplete: 0, hello: 0, refused: 0 };
  fc.assert(
    fc.property(fc.constantFrom(...REAL), EDITS, cuts, (bytes, edits, at) => {
      const mutant = edits.reduce(edited, bytes.subarray(5));
      const verdict = verdictOf(records(mutant));
      kinds[verdict.kind as keyof typeof kinds]++;
      const parts = fragmented(records(mutant), at);
      const follows = verdict.kind === "incomplete" ? [] : [22, 3, 255, 255];
      const again = verdictOf(join([parts, follows]));
      assertEquals(JSON.stringify(again), JSON.stringify(verdict));
    }),
    { numRuns: 20_000 },
  );
  for (const count of Object.values(kinds)) assert(count > 500, JSON.stringify(kinds));
});

Deno.test("parseClientHello() never goes back on a verdict about mutants and their beginnings", () => {
  fc.assert(
    fc.property(fc.constantFrom(...REAL), EDITS, fc.nat(), (bytes, edits, cut) => {
      const mutant = edits.reduce(edited, bytes);
      const early = verdictOf(mutant.subarray(0, cut % mutant.length));
      const late = verdictOf(mutant);
      if (early.kind !== "incomplete") assertEquals(JSON.stringify(late), JSON.stringify(early));
    }),
    { numRuns: 20_000 },
  );
});

interface Edit {
  readonly kind: "flip" | "cut" | "insert";
  readonly at: number;
  readonly bytes: Uint8Array;
}

const EDITS = fc.array(
  fc.record<Edit>({
    kind: fc.constantFrom("flip", "cut", "insert"),
    at: fc.nat(520),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 3 },
);

function edited(bytes: Uint8Array, { kind, at, bytes: others }: Edit): Uint8Array {
  const from = at % bytes.length;
  const after = bytes.subarray(from + (kind === "insert" ? 0 : others.length));
  const changed = join([bytes.subarray(0, from), kind === "cut" ? [] : others, after]);
  return changed.length > 0 ? changed : bytes;
}

/** The verdict with the body's own octets, wherever they lie. */
function verdictOf(bytes: Uint8Array) {
  const verdict = parseClientHello(bytes);
  if (verdict.kind !== "hello") return verdict;
  const { body, ...rest } = verdict.hello;
  return {
    kind: "hello",
    hello: { ...rest, body: [...body.bytes.subarray(body.start, body.end)] },
  };
}

/** Without what the other offers are read from. */
function bare(bytes: Uint8Array): Omit<ClientHello, "body"> {
  const { body: _, ...rest } = accepted(bytes);
  return rest;
}

function accepted(bytes: Uint8Array): ClientHello {
  const verdict = parseClientHello(bytes);
  if (verdict.kind !== "hello") throw new Error(JSON.stringify(verdict));
  return verdict.hello;
}
