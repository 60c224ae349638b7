/** Rules for clients: what would let everybody in without a word is refused, wherever it stands. */

import { assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { refusalOf, settingsOf } from "./settings_of.ts";

/** A configuration in which `text` stands in each place that it can. */
const PLACES: Readonly<Record<string, (text: string) => string>> = {
  "in general": (text) => `pem-file = a\n${text}`,
  "on a frontend": (text) => `pem-file = a\nfrontend = {\n port = 1\n ${text}\n}`,
  "for a certificate": (text) => `pem-file = {\n cert = a\n ${text}\n}`,
  "for a certificate of a frontend": (text) =>
    `pem-file = a\nfrontend = {\n port = 1\n pem-file = {\n cert = b\n ${text}\n }\n}`,
};
const RULES = "client-verify = required\n client-verify-ca = ca";

for (const [where, configuration] of Object.entries(PLACES)) {
  Deno.test(`${where}: files about client certificates are refused if none is requested`, () => {
    for (const name of ["client-verify-ca", "client-verify-crl"]) {
      const message = refusalOf([], configuration(`${name} = "x"`));
      assertStringIncludes(
        message,
        `${name} "x" has no effect: no client is asked for a certificate`,
      );
      assertStringIncludes(message, "--client-verify=required");
    }
  });

  Deno.test(`${where}: such files cause a warning where no certificate is requested`, () => {
    for (const name of ["client-verify-ca", "client-verify-crl"]) {
      const text = configuration(`${name} = "x"\n client-verify = none`);
      const { warnings } = settingsOf([], text);
      assertEquals(warnings.length, 1, text);
      assertStringIncludes(warnings[0]!, `${name}: has no effect: `);
    }
  });

  Deno.test(`${where}: revocation lists and names alone verify no client`, () => {
    for (const text of ["client-verify-crl = crl", "allow-cn = a", "allow-san = DNS:a"]) {
      refusalOf([], configuration(text));
      assertStringIncludes(
        refusalOf([], configuration(`${text}\n client-verify = required`)),
        "needs --client-verify-ca",
      );
    }
  });

  Deno.test(`${where}: names of allowed clients need client certificates`, () => {
    for (const [rule, shown] of [["allow-cn = a", '"a"'], ["allow-san = URI:b:c", '"URI:b:c"']]) {
      for (const verify of ["", "none", "optional"]) {
        const verified = verify === "" ? "" : `client-verify = ${verify}\n client-verify-ca = ca\n`;
        const message = refusalOf([], configuration(`${verified} ${rule}`));
        assertStringIncludes(message, `: ${shown} needs --client-verify=required`);
        if (verify !== "") assertStringIncludes(message, `not "${verify}" (`);
      }
      settingsOf([], configuration(`${RULES}\n ${rule}`));
    }
  });

  Deno.test(`${where}: an empty name does not allow every client`, () => {
    for (const name of ["allow-cn", "allow-san"]) {
      for (const empty of ["", '""']) {
        refusalOf([], configuration(`${RULES}\n ${name} = ${empty}`));
      }
    }
  });
}

Deno.test("files that some frontend verifies with cause no warning", () => {
  for (
    const use of [
      "pem-file = {\n cert = b\n client-verify = required\n}",
      "frontend = {\n port = 1\n client-verify = optional\n}",
      "frontend = {\n port = 1\n pem-file = {\n cert = b\n client-verify = required\n }\n}",
    ]
  ) {
    const text = `pem-file = a\nclient-verify-ca = ca\nclient-verify-crl = crl\n${use}`;
    assertEquals(settingsOf([], text).warnings, [], text);
  }
  // Each of those that verify has another.
  assertStringIncludes(
    refusalOf([], `client-verify-ca = ca\npem-file = {\n cert = b\n ${RULES}\n}`),
    'client-verify-ca "ca" has no effect',
  );
});

Deno.test("hitch takes authorities of no use, and says so here", () => {
  const { warnings } = settingsOf(
    ["--compat=hitch", "-uroot"],
    "pem-file = a\nclient-verify-ca = ca",
  );
  assertEquals(warnings.filter((line) => /has no effect/.test(line)).length, 1);
});

Deno.test("a block with its own allowed clients replaces the general list", () => {
  const general = `pem-file = a\n${RULES}\nallow-cn = all\nallow-san = DNS:all.example`;
  const { clients, frontends, pemFiles } = settingsOf(
    [],
    `${general}
pem-file = { cert = b allow-cn = x allow-cn = y }
frontend = { port = 1 allow-san = email:A@B.Example }
frontend = { port = 2 sni-nomatch-abort = on }`,
  );
  const all = [{ kind: "CN", value: "all" }, { kind: "DNS", value: "all.example" }];
  assertEquals(clients.allowed as unknown, all);
  assertEquals(pemFiles[1]!.clients?.allowed, [
    { kind: "CN", value: "x" },
    { kind: "CN", value: "y" },
  ]);
  assertEquals(frontends.map(({ tls }) => tls!.clients.allowed as unknown), [
    [{ kind: "email", value: "A@b.example" }],
    all,
  ]);
});

Deno.test("a place may be open where everything else is for some", () => {
  const general = `pem-file = a\n${RULES}\nallow-cn = some\n`;
  settingsOf([], `${general}pem-file = { cert = b client-verify = none }`);
  settingsOf([], `${general}frontend = { port = 1 client-verify = none }`);
  const block = "pem-file = { cert = b private-key = k }";
  settingsOf([], `${general}frontend = { port = 1 client-verify = none ${block} }`);
  assertStringIncludes(
    refusalOf([], `${general}frontend = { port = 1 client-verify = none allow-cn = x ${block} }`),
    'allow-cn: "x" needs --client-verify=required, not "none" (',
  );
  assertStringIncludes(
    refusalOf([], `${general}pem-file = { cert = b client-verify = optional }`),
    'allow-cn: "some" needs --client-verify=required, not "optional" (',
  );
});

Deno.test("the command line takes names as often as it likes", () => {
  const args = ["--client-verify=required", "--client-verify-ca=ca", "a.pem"];
  const { clients } = settingsOf([...args, "--allow-cn=a", "--allow-cn", "b c"]);
  assertEquals(clients.allowed?.map(({ value }) => value), ["a", "b c"]);
  assertStringIncludes(refusalOf([...args, "--allow-cn="]), "--allow-cn needs a value");
  assertStringIncludes(refusalOf([...args, "--allow-san=alice"]), "does not begin with DNS:");
});
