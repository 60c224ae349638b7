import type { OptionName } from "../../../src/config/options.ts";
import { GROUPS, optionNamed, OPTIONS, PEM_BLOCK_OPTIONS } from "../../../src/config/options.ts";
import { parseValue } from "../../../src/config/raw_values.ts";
import { assert, assertEquals } from "../../support/assert.ts";

function assertUnique(texts: string[]): void {
  assertEquals(texts.filter((text, index) => texts.indexOf(text) !== index), []);
}

Deno.test("long names, short names and keys are unique", () => {
  assertUnique(OPTIONS.flatMap((option) => [option.name, ...option.aliases ?? []]));
  assertUnique(OPTIONS.flatMap((option) => option.short ?? []));
  assertUnique(OPTIONS.flatMap((option) => option.key ?? []));
});

Deno.test("names are spelled as the parsers can read them", () => {
  for (const option of OPTIONS) {
    assert(/^[a-z]+(-[a-z0-9]+)*$/.test(option.name), option.name);
    assert(!option.name.startsWith("no-"), `${option.name}: parseArgs negates it`);
    assert(option.short === undefined || /^[A-Za-z]$/.test(option.short), option.name);
    assert(option.key === undefined || option.key === option.name, option.name);
  }
});

Deno.test("only flags have no value, and every flag has a default", () => {
  for (const option of OPTIONS) {
    assertEquals(option.valueName === undefined, option.type.kind === "flag", option.name);
    if (option.type.kind === "flag") {
      assert(["on", "off"].includes(option.default ?? ""), option.name);
    }
  }
});

Deno.test("every default and bare value is one that the option takes", () => {
  for (const option of OPTIONS) {
    for (const text of [option.default, option.bare].filter((text) => text !== undefined)) {
      const value = parseValue(option, { text, origin: option.name });
      const shown = option.type.kind === "share" ? `1/${value}` : String(value);
      if (typeof value === "number") assertEquals(shown, text, option.name);
    }
  }
});

Deno.test("every option is explained in sentences, in a group that help shows", () => {
  for (const option of OPTIONS) {
    assert(/^[A-Z].*\.$/.test(option.help), option.name);
    assert(GROUPS.includes(option.group), option.name);
    const reasons = [option.refusal ?? [], option.notOn?.node ?? []].flat()
      .concat(Object.values(option.refusedValues ?? {}));
    for (const reason of reasons) {
      assert(/^[a-zA-Z].*[^.]$/.test(reason) && reason.length > 40, option.name);
    }
  }
});

Deno.test("a pem-file block takes hitch's keys and its client rules", () => {
  assertEquals(
    PEM_BLOCK_OPTIONS.map(({ name, pemBlock }) => [name, pemBlock]),
    [
      ["cert", "only"],
      ["private-key", "too"],
      ["ocsp-resp-file", "only"],
      ["ocsp-verify-staple", "too"],
      ["client-verify", "too"],
      ["client-verify-ca", "too"],
      ["client-verify-crl", "too"],
      ["allow-cn", "too"],
      ["allow-san", "too"],
    ],
  );
  for (const option of PEM_BLOCK_OPTIONS) {
    assert(option.key === option.name && option.short === undefined, option.name);
    assertEquals(OPTIONS.includes(option), option.pemBlock === "too", option.name);
    assert(/^[A-Z].*\.$/.test(option.help), option.name);
  }
});

Deno.test("what narrows a need has a need to narrow, and a refused option has none", () => {
  for (const option of OPTIONS) {
    if (option.needsFor !== undefined) assertEquals(option.needs, "openssl", option.name);
    if (option.needsFor === "incoming") assertEquals(option.onlyFor, undefined, option.name);
    if (option.refusal !== undefined) assertEquals(option.needs, undefined, option.name);
    if (option.needsWhile !== undefined) assertEquals(option.needs, "openssl", option.name);
    for (const name of option.needsWhile ?? []) {
      assertEquals(optionNamed(name as OptionName).type.kind, "flag", option.name);
    }
    if (option.needsFor === "several") assertEquals(option.repeatable, true, option.name);
  }
});

Deno.test("the table has every TLS option of hitch, with its letter", () => {
  const labels = OPTIONS.map(({ short, name }) => short ? `${short}/${name}` : name as string);
  const wanted = ["tls-protos", "ciphersuites", "ecdh-curve", "alpn-protos", "client-verify"]
    .concat(["client-verify-ca", "pem-dir", "pem-dir-glob", "sni-nomatch-abort", "o/ocsp-dir"])
    .concat(["ocsp-verify-staple", "ocsp-resp-tmo", "ocsp-connect-tmo", "ocsp-refresh-interval"]);
  for (const label of wanted) assert(labels.includes(label), label);
});

Deno.test("one option takes the plain arguments", () => {
  const operands = OPTIONS.filter((option) => option.operand).map((option) => option.name);
  assertEquals(operands, ["pem-file"]);
});

Deno.test("the table has every option of stud 0.3 and of stud's last commit, with its letter", () => {
  const flags = ["tls", "ssl", "client", "O/prefer-server-ciphers", "q/quiet", "s/syslog", "daemon"]
    .concat(["write-ip", "write-proxy", "proxy-proxy", "default-config", "t/test", "V/version"])
    .concat(["h/help"]);
  const valued = ["c/ciphers", "e/ssl-engine", "b/backend", "f/frontend", "n/workers", "B/backlog"]
    .concat(["k/keepalive", "C/shared-cache", "U/shared-cache-listen", "P/shared-cache-peer"])
    .concat(["M/shared-cache-if", "r/chroot", "u/user", "g/group", "syslog-facility", "config"]);
  const known = new Map(OPTIONS.map((option) => {
    const label = option.short ? `${option.short}/${option.name}` : option.name as string;
    return [label, option.type.kind === "flag" || option.bare !== undefined];
  }));
  for (const label of flags) assertEquals(known.get(label), true, label);
  for (const label of valued) assertEquals(known.get(label), false, label);
});

Deno.test("optionNamed() finds the row of every name", () => {
  for (const option of [...OPTIONS, ...PEM_BLOCK_OPTIONS]) {
    assertEquals(optionNamed(option.name), option);
  }
});
