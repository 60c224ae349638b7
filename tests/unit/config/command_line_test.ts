import { parseCommandLine } from "../../../src/config/command_line.ts";
import { optionLabel, OPTIONS } from "../../../src/config/options.ts";
import { UsageError } from "../../../src/errors.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";
import { refusalOf } from "./settings_of.ts";

/** What was given, as `{ name: [texts] }`. */
function given(...argv: string[]): Record<string, string[]> {
  const { values } = parseCommandLine(argv);
  return Object.fromEntries([...values].map(([name, raws]) => [name, raws.map((raw) => raw.text)]));
}

Deno.test("a value is attached to its short option or the next argument", () => {
  assertEquals(given("-n4"), { workers: ["4"] });
  assertEquals(given("-n", "4"), { workers: ["4"] });
  assertEquals(given("-unobody"), { user: ["nobody"] });
  assertEquals(given("-f*,8443"), { frontend: ["*,8443"] });
  assertEquals(given("-f", "*,8443", "-f[::1]:443"), { frontend: ["*,8443", "[::1]:443"] });
  assertEquals(given("-u=x"), { user: ["=x"] });
});

Deno.test("a cluster is flags, then perhaps an option with its value", () => {
  assertEquals(given("-qs"), { quiet: ["on"], syslog: ["on"] });
  assertEquals(given("-qsn4"), { quiet: ["on"], syslog: ["on"], workers: ["4"] });
  assertEquals(given("-qsn", "4", "-t"), {
    quiet: ["on"],
    syslog: ["on"],
    workers: ["4"],
    test: ["on"],
  });
  assertEquals(given("-uqs"), { user: ["qs"] });
});

Deno.test("a value of a long option follows = or is the next argument", () => {
  assertEquals(given("--backend=[::1]:80"), { backend: ["[::1]:80"] });
  assertEquals(given("--backend", "::1,80"), { backend: ["::1,80"] });
  assertEquals(given("--chroot=/a=b", "--user", "a=b"), { chroot: ["/a=b"], user: ["a=b"] });
  assertEquals(given("--chroot=/a\nb"), { chroot: ["/a\nb"] });
});

Deno.test("an option that needs a value takes the next argument whatever it looks like", () => {
  assertEquals(given("--chroot", "--quiet"), { chroot: ["--quiet"] });
  assertEquals(given("-c", "-ALL"), { ciphers: ["-ALL"] });
  assertEquals(given("--ciphers", "--"), { ciphers: ["--"] });
  assertEquals(given("-n", "-h"), { workers: ["-h"] });
});

Deno.test("plain arguments are PEM files, wherever they stand", () => {
  assertEquals(given("a.pem", "-q", "-", "b.pem"), {
    "pem-file": ["a.pem", "-", "b.pem"],
    quiet: ["on"],
  });
  assertEquals(given("123", "true", "1e3"), { "pem-file": ["123", "true", "1e3"] });
  assertEquals(given("--pem-file", "a.pem", "b.pem"), { "pem-file": ["a.pem", "b.pem"] });
});

Deno.test("-- ends the options", () => {
  assertEquals(given("-q", "--", "-n4", "--", "--help"), {
    quiet: ["on"],
    "pem-file": ["-n4", "--", "--help"],
  });
});

Deno.test("--self-signed takes a value only after =", () => {
  assertEquals(given("--self-signed"), { "self-signed": ["localhost"] });
  assertEquals(given("--self-signed", "a.pem"), {
    "self-signed": ["localhost"],
    "pem-file": ["a.pem"],
  });
  assertEquals(given("--self-signed=example.com"), { "self-signed": ["example.com"] });
});

Deno.test("flags take on and off in every spelling", () => {
  for (const text of ["on", "yes", "true", "1", "ON", "Yes"]) {
    assertEquals(given(`--quiet=${text}`), { quiet: [text] });
  }
  assertEquals(given("--quiet", "off"), { quiet: ["on"], "pem-file": ["off"] });
  assertEquals(refusalOf(["--quiet=maybe"]), '-q/--quiet: "maybe" is neither on nor off');
  assertEquals(refusalOf(["-q=on"]), '"-q=on": -q takes no value; write --quiet=on');
});

Deno.test("a long option may be cut short while one option is meant", () => {
  assertEquals(
    refusalOf(["--back=a"]),
    "option --back is ambiguous: --backend, --backend-refresh, --backlog, --backend-ca, --backend-name, " +
      "--backend-verify, --backend-connect-timeout",
  );
  assertEquals(given("--front=a"), { frontend: ["a"] });
  assertEquals(given("--write-proxy"), { "write-proxy": ["on"] });
  assertEquals(given("--write-i"), { "write-ip": ["on"] });
  assertEquals(
    refusalOf(["--write"]),
    "option --write is ambiguous: --write-ip, --write-proxy, --write-proxy-v1, --write-proxy-v2",
  );
});

Deno.test("a long option that begins another is meant itself", () => {
  assertEquals(given("--ssl", "--tls", "--client"), { ssl: ["on"], tls: ["on"], client: ["on"] });
  assertEquals(given("--ciphers=a"), { ciphers: ["a"] });
  assertEquals(given("--pem-dir=a"), { "pem-dir": ["a"] });
  assertEquals(
    refusalOf(["--cipher=a"]),
    "option --cipher is ambiguous: --ciphers, --ciphersuites",
  );
  assertStringIncludes(refusalOf(["--b"]), "--backend-connect-timeout; write -b or --backend");
});

Deno.test("what stands only in a pem-file block is not an option", () => {
  assertStringIncludes(refusalOf(["--cert=a.pem"]), "unknown option --cert; give the PEM file");
  assertEquals(
    refusalOf(["--ocsp-resp-file=a"]),
    "unknown option --ocsp-resp-file; did you mean --ocsp-resp-tmo?",
  );
});

Deno.test("the name that stud's help gave --shared-cache is understood", () => {
  assertEquals(given("--session-cache=0"), { "shared-cache": ["0"] });
});

Deno.test("an unknown option is named, with the nearest known one", () => {
  assertEquals(
    refusalOf(["--bakend=a,1"]),
    "unknown option --bakend; did you mean --backend?",
  );
  assertEquals(refusalOf(["--xyzzy"]), "unknown option --xyzzy");
  assertEquals(refusalOf(["--no-quite"]), "unknown option --no-quite");
  assertEquals(refusalOf(["--=x"]), "unknown option --");
  assertEquals(refusalOf(["-z"]), "unknown option -z");
  assertEquals(refusalOf(["-qz4"]), 'unknown option -z in "-qz4"');
  assertEquals(refusalOf(["-é"]), "unknown option -é");
  assertEquals(refusalOf(["--__proto__=1"]), "unknown option --__proto__");
  assertEquals(refusalOf(["--a\x1b[31m\nb"]), "unknown option --a\\x1b[31m\\nb");
  assertEquals(refusalOf(["-\x07"]), "unknown option -\\x07");
});

Deno.test("options and words of other programs are answered with what to write", () => {
  const hints: [string, string][] = [
    [
      "-v",
      "unknown option -v; for the version write -V, for more log lines write -L 2",
    ],
    ["--verbose", "unknown option --verbose; for more log lines write -L 2"],
    ["--no-sandbox", "unknown option --no-sandbox; write --sandbox=off"],
    ["--no-backend", "unknown option --no-backend; did you mean --backend?"],
    ["--key", "unknown option --key; write --private-key"],
    ["--json", "unknown option --json; stud status has it: write stud status --json"],
    ["--n", "unknown option --n; write -n or --workers"],
    ["--V=", "unknown option --V; write -V or --version"],
    ["-workers=4", 'unknown option -w in "-workers=4"; write --workers'],
    [
      "help",
      '"help" is not an option; write --help for help; for a PEM file of that name, write ./help',
    ],
    [
      "\u2013-workers=4",
      '"\u2013-workers=4" is not an option; it begins with a dash that is not a hyphen; write ' +
      "--workers=4",
    ],
    [
      "\u2014help",
      '"\u2014help" is not an option; it begins with a dash that is not a hyphen; write --help',
    ],
    ["workers=4", '"workers=4" is not an option; write --workers=4 if you mean the option'],
  ];
  for (const [argument, message] of hints) assertEquals(refusalOf([argument]), message);
  assertEquals(given("./help", "a=b"), { "pem-file": ["./help", "a=b"] });
});

Deno.test("every option that needs a value says so when it is missing", () => {
  for (const option of OPTIONS.filter(({ type, bare }) => type.kind !== "flag" && !bare)) {
    assertEquals(refusalOf([`--${option.name}`]), `${optionLabel(option)} needs a value`);
    for (const argv of [[`--${option.name}=`], [`--${option.name}`, ""]]) {
      if (option.emptyIsOff) assertEquals(given(...argv), { [option.name]: [""] });
      else assertEquals(refusalOf(argv), `${optionLabel(option)} needs a value`);
    }
    if (option.short === undefined) continue;
    assertEquals(
      refusalOf([`-${option.short}`]),
      `-${option.short}/--${option.name} needs a value`,
    );
  }
});

Deno.test("an option that needs no value says what to write if there is nothing after =", () => {
  for (const option of OPTIONS.filter(({ type, bare }) => type.kind === "flag" || bare)) {
    const { name, type, valueName } = option;
    assertEquals(
      refusalOf([`--${name}=`]),
      `${optionLabel(option)} has nothing after =; write --${name}, or --${name}=${
        type.kind === "flag" ? "on|off" : valueName
      }`,
    );
  }
});

Deno.test("an empty argument is not taken for a file", () => {
  assertEquals(refusalOf([""]), "an argument is empty; a PEM file was expected");
  assertEquals(refusalOf(["--", ""]), "an argument is empty; a PEM file was expected");
});

Deno.test("every option is known by its long and its short name", () => {
  for (const option of OPTIONS) {
    const bare = option.type.kind === "flag" ? "on" : option.bare;
    const expected = { [option.name]: [bare ?? "x"] };
    assertEquals(given(bare ? `--${option.name}` : `--${option.name}=x`), expected);
    if (option.short) assertEquals(given(`-${option.short}${bare ? "" : "x"}`), expected);
  }
});

Deno.test("help wins over version, version over completion, and that over the rest", () => {
  const action = (...argv: string[]) => parseCommandLine(argv).action;
  assertEquals(action("-t", "--default-config", "-V", "-h"), "help");
  assertEquals(action("--default-config", "-tV", "--completion=zsh"), "version");
  assertEquals(action("--default-config", "--completion", "zsh"), "completion");
  assertEquals(action("-t", "--default-config"), "default-config");
  assertEquals(action("-t", "a.pem"), "test");
  assertEquals(action("a.pem"), "run");
  assertEquals(action("-h", "--help=off", "a.pem"), "run");
});

Deno.test("the configuration file is asked for only where it is needed", () => {
  const file = (...argv: string[]) => parseCommandLine(argv).configFile;
  assertEquals(file("--config", "a.conf", "--config=-"), "-");
  assertEquals(file("-t", "--config", "a.conf"), "a.conf");
  assertEquals(file("-V", "--config", "a.conf"), undefined);
  assertEquals(file("a.pem"), undefined);
});

Deno.test("help shows however wrong the rest of the values is, but not for unknown options", () => {
  assertEquals(parseCommandLine(["-n", "x", "--daemon", "-h"]).action, "help");
  const { message } = assertThrows(() => parseCommandLine(["-h", "--nope"]), UsageError);
  assertStringIncludes(message, "--nope");
});
