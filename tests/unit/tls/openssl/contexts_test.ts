/** Which contexts are made, when, with which ticket keys, and which are given up. */

import { CertificatesRefused, StartupError } from "../../../../src/errors.ts";
import { OpenSslError } from "../../../../src/runtime/openssl.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../../support/assert.ts";
import { bench, chains, freedIn, hex, namesIn, numbered, served } from "./contexts_bed.ts";
import { engineWith } from "../../../support/tls_configuration.ts";

/** With more certificates than this they are not all looked at beforehand. */
const FEW = 100;
/** Contexts that are kept. */
const MAX = 2_000;

Deno.test("choose() makes a context when it is first needed, and keeps it", () => {
  const { library, served } = bench(numbered(3));
  assertEquals(library.contexts.length, 0);
  const context = served("1.example");
  assertEquals(namesIn(library), ["1.pem"]);
  assert(served("1.example") === context);
  assert(served("2.example") !== context);
  assertEquals(namesIn(library), ["1.pem", "2.pem"]);
});

Deno.test("choose() serves the certificates of one name together", () => {
  const certificates = [
    served({ source: "rsa.pem", names: ["both.example", "rsa.example"], keyType: "rsa" }),
    served({ source: "ec.pem", names: ["both.example"] }),
  ];
  const bed = bench(certificates, { defaultCertificate: 1 });
  assertEquals(chains(bed.served("both.example")!), ["rsa.pem", "ec.pem"]);
  assertEquals(chains(bed.served("rsa.example")!), ["rsa.pem"]);
  assertEquals(chains(bed.served(undefined)!), ["ec.pem"]);
});

Deno.test("choose() gives the default to a client without a known name", () => {
  const bed = bench(numbered(3), { defaultCertificate: 2 });
  assertEquals(chains(bed.served(undefined)!), ["2.pem"]);
  assert(bed.served("nobody.example") === bed.served(undefined));
  assertEquals(bed.library.contexts.length, 1);
});

Deno.test("choose() refuses a name without a certificate, if asked to", () => {
  const bed = bench(numbered(3), engineWith({ sniNomatchAbort: true }));
  assertEquals(bed.served("nobody.example"), undefined);
  assertEquals(bed.library.contexts.length, 0);
  assertEquals(chains(bed.served("1.example")!), ["1.pem"]);
  assertEquals(chains(bed.served(undefined)!), ["0.pem"]);
});

Deno.test("choose() gives up the context that was not asked for the longest", () => {
  const { library, served } = bench(numbered(MAX + 2));
  for (let place = 0; place < MAX; place++) served(`${place}.example`);
  served("0.example");
  assertEquals(freedIn(library), []);
  served(`${MAX}.example`);
  assertEquals(freedIn(library), ["1.pem"]);
  // It is made anew, and the next one goes in its place.
  served("1.example");
  assertEquals(freedIn(library), ["1.pem", "2.pem"]);
  served("0.example");
  assertEquals(library.contexts.length, MAX + 2);
});

Deno.test("choose() never gives up a context whose key an engine holds", () => {
  const certificates = numbered(MAX + 2).map((certificate, place) =>
    place < 2 ? { ...certificate, privateKey: `pkcs11:object=${place}` } : certificate
  );
  const { library, served } = bench(certificates);
  for (const { names } of certificates) served(names[0]!);
  assertEquals(freedIn(library), ["2.pem", "3.pem"]);
});

Deno.test("choose() never gives up a set in which an engine holds one of the keys", () => {
  const both = [
    served({ source: "rsa.pem", names: ["both.example"], keyType: "rsa" }),
    served({ source: "ec.pem", names: ["both.example"], privateKey: "pkcs11:object=ec" }),
  ];
  const bed = bench([...both, ...numbered(MAX)]);
  bed.served("both.example");
  for (let place = 0; place < MAX; place++) bed.served(`${place}.example`);
  assertEquals(freedIn(bed.library), ["0.pem"]);
});

Deno.test("choose() sets the ticket keys once for each period", () => {
  const bed = bench(numbered(2));
  const one = bed.served("0.example")!;
  bed.served("0.example");
  assertEquals(one.ticketKeys.map(({ name }) => hex(name)), [hex(bed.keys(0).name)]);
  assertEquals(hex(one.ticketKeys[0]!.all), hex(bed.keys(0).all));

  bed.pass(1);
  bed.served("0.example");
  bed.served("0.example");
  const expected = [bed.keys(0), bed.keys(1)].map(({ all }) => hex(all));
  assertEquals(one.ticketKeys.map(({ all }) => hex(all)), expected);
  // One that is asked for now for the first time never had the old ones.
  const other = bed.served("1.example")!;
  assertEquals(other.ticketKeys.map(({ all }) => hex(all)), [hex(bed.keys(1).all)]);
});

Deno.test("choose() sets the ticket keys of a context that was idle for periods", () => {
  const bed = bench(numbered(2));
  const idle = bed.served("0.example")!;
  for (const period of [1, 2, 3]) {
    bed.pass(period);
    bed.served("1.example");
  }
  assertEquals(idle.ticketKeys.length, 1);
  bed.served("0.example");
  assertEquals(hex(idle.ticketKeys.at(-1)!.all), hex(bed.keys(3).all));
  assertEquals(idle.ticketKeys.length, 2);
});

Deno.test("choose() follows a clock that is set back", () => {
  const bed = bench(numbered(1));
  const context = bed.served("0.example")!;
  for (const period of [1, 0]) {
    bed.pass(period);
    bed.served("0.example");
  }
  const expected = [0, 1, 0].map((period) => hex(bed.keys(period).name));
  assertEquals(context.ticketKeys.map(({ name }) => hex(name)), expected);
});

Deno.test("choose() knows the keys of a ticket from the period before or after", () => {
  const bed = bench(numbered(1));
  bed.pass(10);
  for (const [period, expected] of [[8, false], [9, true], [10, false], [11, true], [12, false]]) {
    const former = bed.former([bed.keys(Number(period)).name]);
    assertEquals(former !== undefined, expected, `period ${period}`);
    if (former === undefined) continue;
    assertEquals(hex(former.former.all), hex(bed.keys(Number(period)).all));
    assertEquals(hex(former.current.all), hex(bed.keys(10).all));
  }
});

Deno.test("choose() looks at every ticket that a client brings", () => {
  const bed = bench(numbered(1));
  const [unknown, current, before] = [
    new Uint8Array(16),
    bed.keys(0).name,
    bed.keys(-1).name,
  ];
  assertEquals(bed.former([]), undefined);
  assertEquals(bed.former([unknown, current]), undefined);
  assertEquals(
    hex(bed.former([unknown, current, before])!.former.name),
    hex(before),
  );
});

Deno.test("prepare() makes what few certificates need, and each once", () => {
  const one = bench(numbered(1));
  one.contexts.prepare();
  assertEquals(namesIn(one.library), ["0.pem"]);

  const few = bench(numbered(FEW));
  few.contexts.prepare();
  few.contexts.prepare();
  assertEquals(few.library.contexts.length, FEW);
});

Deno.test("prepare() makes the set for clients without a name, besides each alone", () => {
  const bed = bench([
    served({ source: "rsa.pem", names: ["a.example"], keyType: "rsa" }),
    served({ source: "ec.pem", names: ["a.example"] }),
  ]);
  bed.contexts.prepare();
  assertEquals(bed.library.contexts.map(chains), [["rsa.pem"], ["ec.pem"], ["rsa.pem", "ec.pem"]]);
});

Deno.test("prepare() makes of many certificates the default and those with keys in an engine", () => {
  const certificates = numbered(FEW + 1).map((certificate, place) =>
    place === 50 ? { ...certificate, privateKey: "pkcs11:object=50" } : certificate
  );
  const bed = bench(certificates, { defaultCertificate: 7 });
  bed.contexts.prepare();
  assertEquals(namesIn(bed.library), ["50.pem", "7.pem"]);
});

Deno.test("prepare() makes the sets in which an engine holds a key, as they will be served", () => {
  const both = [
    served({ source: "rsa.pem", names: ["both.example"], keyType: "rsa" }),
    served({ source: "ec.pem", names: ["both.example"], privateKey: "pkcs11:object=ec" }),
  ];
  const bed = bench([...numbered(FEW), ...both]);
  bed.contexts.prepare();
  assertEquals(bed.library.contexts.map(chains), [["rsa.pem", "ec.pem"], ["0.pem"]]);
});

Deno.test("makeAll() has the library look at every certificate", () => {
  const bed = bench(numbered(FEW + 1), { defaultCertificate: 7 });
  bed.contexts.makeAll();
  assertEquals(
    namesIn(bed.library).toSorted(),
    numbered(FEW + 1).map(({ source }) => source).toSorted(),
  );
});

Deno.test("makeAll() has the library look at the default set too", () => {
  const both = [
    served({ source: "rsa.pem", names: ["both.example"], keyType: "rsa" }),
    served({ source: "ec.pem", names: ["both.example"] }),
  ];
  const bed = bench([...numbered(FEW), ...both], { defaultCertificate: FEW });
  bed.contexts.makeAll();
  // Each by itself before, so that the one which is refused is known.
  const made = bed.library.contexts.slice(0, 3).map(chains);
  assertEquals(made, [["rsa.pem"], ["ec.pem"], ["rsa.pem", "ec.pem"]]);
  assertEquals(bed.library.contexts.length, 1 + FEW + 2);
});

Deno.test("makeAll() looks at more certificates than are kept", () => {
  const bed = bench(numbered(MAX + 1));
  bed.contexts.makeAll();
  assertEquals(bed.library.contexts.length, MAX + 1);
  assertEquals(bed.library.contexts.filter(({ freed }) => !freed).length, MAX);
});

Deno.test("makeAll() finds every certificate that is refused", () => {
  const bed = bench(numbered(FEW + 20).map((one) => ({ ...one, fingerprint: one.source })));
  const bad = ["3.pem", `${FEW + 9}.pem`];
  bed.library.judge = ({ certificates: [certificate] }) => {
    if (bad.includes(certificate!.certificateChain)) {
      throw new OpenSslError("key values mismatch", { subject: "private key" });
    }
  };
  const error = assertThrows(() => bed.contexts.makeAll(), CertificatesRefused);
  assertEquals(error.refused.map(({ fingerprint }) => fingerprint), bad);
  assertStringIncludes(error.message, "3.pem: the private key");
  assertStringIncludes(error.message, "; 1 other certificate is refused too");
});

Deno.test("checkNew() looks at those among many that were not there before", async () => {
  const many = numbered(FEW + 20).map((one) => ({ ...one, fingerprint: one.source }));
  const [former, next] = [bench(many.slice(0, FEW + 9)), bench(many)];
  const bad = ["3.pem", `${FEW + 9}.pem`, `${FEW + 15}.pem`];
  next.library.judge = ({ certificates: [certificate] }) => {
    if (bad.includes(certificate!.certificateChain)) {
      throw new OpenSslError("key values mismatch", { subject: "private key" });
    }
  };
  const checked = next.contexts.checkNew(former.contexts);
  checked.catch(() => {});
  for (let pauses = 0; pauses < 3; pauses++) await next.clock.advance(0);
  const error = await assertRejects(() => checked, CertificatesRefused);
  assertEquals(error.refused.map(({ fingerprint }) => fingerprint), bad.slice(1));
  assert(next.library.contexts.every(({ freed }) => freed));
});

Deno.test("makeAll() ends at the first fault, of whichever certificate", () => {
  const bed = bench(numbered(FEW + 20));
  bed.library.judge = ({ certificates: [certificate] }) => {
    if (certificate!.certificateChain === `${FEW + 9}.pem`) {
      throw new OpenSslError("key values mismatch", { subject: "private key" });
    }
  };
  assertThrows(() => bed.contexts.makeAll(), StartupError, `${FEW + 9}.pem: the private key`);
});

Deno.test("free() frees all of them, and later ones are made anew with their ticket keys", () => {
  const bed = bench(numbered(3));
  const before = bed.served("1.example")!;
  bed.served("2.example");
  bed.contexts.free();
  assertEquals(freedIn(bed.library), ["1.pem", "2.pem"]);
  bed.contexts.free();

  const after = bed.served("1.example")!;
  assert(after !== before && !after.freed);
  assertEquals(after.ticketKeys.length, 1);
});

Deno.test("choose() tries again what the library has refused", () => {
  const bed = bench(numbered(1));
  bed.library.judge = () => {
    throw new OpenSslError("too many open files");
  };
  assertThrows(() => bed.served(undefined), StartupError, "too many open files");
  bed.library.judge = () => {};
  assertEquals(chains(bed.served(undefined)!), ["0.pem"]);
});

Deno.test("choose() leaves faults of our own as they are", () => {
  const bed = bench(numbered(1));
  const fault = new TypeError("not a function");
  bed.library.judge = () => {
    throw fault;
  };
  assert(assertThrows(() => bed.served(undefined), TypeError) === fault);
});

const REFUSED: readonly (readonly [subject: string | undefined, line: string])[] = [
  ["ciphers", "-c/--ciphers FAST: OpenSSL refuses it: no"],
  ["ciphersuites", "--ciphersuites TLS_FAST: OpenSSL refuses it: no"],
  ["groups", "--ecdh-curve P-9: OpenSSL does not know the group P-9"],
  ["protocols", "--tls-protos TLSv1.2 TLSv1.3: OpenSSL refuses it: no"],
  ["authorities", "--client-verify-ca: OpenSSL refuses it: no"],
  ["certificate", "a.pem and b.pem: the certificate: OpenSSL refuses it: no"],
  ["private key", "a.pem and b.pem: the private key: OpenSSL refuses it: no"],
  ["DH parameters", "a.pem and b.pem: the DH parameters: OpenSSL refuses it: no"],
  [undefined, "a.pem and b.pem: OpenSSL refuses it: no"],
  ["something new", "a.pem and b.pem: OpenSSL refuses it: no"],
];

Deno.test("what OpenSSL refuses is named by its option or its file", () => {
  const certificates = [
    served({ source: "a.pem", names: ["a.example"], keyType: "rsa" }),
    served({ source: "b.pem", names: ["a.example"] }),
  ];
  const options = engineWith({ ciphers: "FAST", ciphersuites: "TLS_FAST", groups: "P-9" });
  for (const [subject, line] of REFUSED) {
    const bed = bench(certificates, options);
    const cause = new OpenSslError("no", subject === undefined ? {} : { subject });
    bed.library.judge = () => {
      throw cause;
    };
    const error = assertThrows(() => bed.served("a.example"), StartupError);
    assertEquals([error.message, error.cause], [line, cause]);
  }
});

Deno.test("what OpenSSL says in words of its own is put into an operator's", () => {
  const cases = [
    [
      "ciphers",
      "no cipher match",
      "-c/--ciphers FAST: OpenSSL refuses it: no cipher match; openssl ciphers -v ALL lists the " +
      "names, those of TLS 1.3 go to --ciphersuites",
    ],
    [
      "ciphersuites",
      "no cipher match",
      "--ciphersuites TLS_FAST: OpenSSL refuses it: no cipher match; openssl ciphers -s -tls1_3 " +
      "lists the names, those up to TLS 1.2 go to -c/--ciphers",
    ],
    [
      "private key",
      "key values mismatch",
      "0.pem: the private key does not belong to the certificate",
    ],
    [
      "private key",
      "no certificate assigned",
      "0.pem: the private key does not belong to the certificate",
    ],
  ] as const;
  for (const [subject, reason, line] of cases) {
    const bed = bench(numbered(1), engineWith({ ciphers: "FAST", ciphersuites: "TLS_FAST" }));
    bed.library.judge = () => {
      throw new OpenSslError(reason, { subject });
    };
    assertEquals(assertThrows(() => bed.served(undefined), StartupError).message, line);
  }
});

Deno.test("of a list of groups, those that the library does not know are named", () => {
  const start = "OpenSSL does not know the group";
  const usual = "it knows X25519, P-256, and the curves that openssl ecparam -list_curves lists";
  const cases = [
    ["X25519:fast", `${start} fast; ${usual}`],
    ["?X25519/fast:*P-257", `${start}s fast and P-257; did you mean P-256?`],
    [
      "X25519::X25519",
      "OpenSSL refuses this list of groups; name each group once, with a colon between two",
    ],
  ] as const;
  for (const [groups, line] of cases) {
    const bed = bench(numbered(1), engineWith({ groups }));
    bed.library.judge = (options) => {
      if (["X25519", "P-256"].includes(options.groups!)) return;
      throw new OpenSslError("passed invalid argument", { subject: "groups" });
    };
    const { message } = assertThrows(() => bed.served(undefined), StartupError);
    assertEquals(message, `--ecdh-curve ${groups}: ${line}`);
    assertEquals(bed.library.contexts.every(({ freed }) => freed), true);
  }
});

Deno.test("what is too weak for the library comes with the level that allows it", () => {
  const start = "0.pem: the certificate: OpenSSL refuses it: ";
  const weak = "; too weak for its security level: use a stronger one, or allow it with -c ";
  const cases = [
    ["ee key too small", undefined, 1, "'ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=1' or --ssl"],
    ["ca md too weak", undefined, 0, "'ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=0' or --ssl"],
    ["dh key too small", "ALL:@SECLEVEL=3", 1, "'ALL:@SECLEVEL=1'"],
  ] as const;
  for (const [reason, ciphers, level, advice] of cases) {
    const bed = bench(numbered(1), engineWith({ ciphers }));
    bed.library.judge = (options) => {
      const given = Number(/@SECLEVEL=(\d)/.exec(options.ciphers ?? "")?.[1] ?? 2);
      if (given > level) throw new OpenSslError(reason, { subject: "certificate" });
    };
    const { message } = assertThrows(() => bed.served(undefined), StartupError);
    assertEquals(message, `${start}${reason}${weak}${advice}`);
  }
  const bed = bench(numbered(1));
  bed.library.judge = () => {
    throw new OpenSslError("ee key too small", { subject: "certificate" });
  };
  const { message } = assertThrows(() => bed.served(undefined), StartupError);
  assertEquals(
    message,
    `${start}ee key too small; too weak for OpenSSL at any security level (@SECLEVEL)`,
  );
});

Deno.test("choose() never gives up what it is about to serve", () => {
  const certificates = numbered(MAX + 1).map((certificate, place) =>
    place < MAX ? { ...certificate, privateKey: `pkcs11:object=${place}` } : certificate
  );
  const bed = bench(certificates);
  for (const { names } of certificates) assertEquals(bed.served(names[0])!.freed, false);
});

Deno.test("staple() updates existing contexts and those made later", () => {
  const { library, contexts, served: choose } = bench([
    served({ source: "rsa", keyType: "rsa", names: ["a"], fingerprint: "f1" }),
    served({ source: "ec", names: ["a"], fingerprint: "f2" }),
    served({ source: "other", names: ["b"], fingerprint: "f3" }),
  ]);
  const both = choose("a")!;
  contexts.staple([{ fingerprint: "f2", response: btoa("newer") }, {
    fingerprint: "f3",
    response: btoa("other"),
  }]);
  assertEquals(both.stapled, [[1, new TextEncoder().encode("newer")]]);
  const later = choose("b")!;
  assertEquals(later.options.certificates[0]!.ocspResponse, new TextEncoder().encode("other"));
  contexts.staple([{ fingerprint: "f3", response: null }]);
  assertEquals(later.stapled, [[0, undefined]]);
  assertEquals(freedIn(library), []);
});
