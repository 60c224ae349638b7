import { parseConfigFile } from "../../../src/config/config_file.ts";
import { defaultConfig } from "../../../src/manual/default_config.ts";
import { blockUsage, helpOn, helpText, optionUsage, shortHelp } from "../../../src/manual/help.ts";
import { manPage } from "../../../src/manual/man_page.ts";
import {
  optionHelp,
  optionLabel,
  optionNamed,
  OPTIONS,
  PEM_BLOCK_OPTIONS,
} from "../../../src/config/options.ts";
import { optionsMarkdown } from "../../../src/manual/options_markdown.ts";
import { wrap } from "../../../src/manual/wrap.ts";
import { UsageError } from "../../../src/errors.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";
import { settingsOf } from "../config/settings_of.ts";

const oneLine = (text: string) => text.replace(/\s+/g, " ");

Deno.test("help fits a terminal of 90 columns and ends with a line feed", () => {
  const help = helpText("1.2.3-rc.1");
  for (const line of help.split("\n")) assert(/^(.{0,89}\S)?$/.test(line), line);
  assert(/[^\n]\n$/.test(help));
  assertStringIncludes(help, "stud 1.2.3-rc.1 ");
});

Deno.test("help explains every supported option with its default, and names every refused one", () => {
  const help = oneLine(helpText("1.0.0"));
  for (const option of OPTIONS) {
    if (option.refusal) {
      assertStringIncludes(help, optionLabel(option));
      continue;
    }
    const shown = option.default === undefined || option.default === "off"
      ? ""
      : ` (default: ${option.default})`;
    assertStringIncludes(help, `${optionUsage(option)} ${optionHelp(option)}${shown}`);
  }
});

Deno.test("-h is at most 40 lines of 80 columns, with the most needed options first", () => {
  const lines = shortHelp("1.2.3-rc.1").split("\n");
  assertEquals(lines.pop(), "");
  assert(lines.length <= 40);
  for (const line of lines) assert(line.length <= 80, line);
  for (const { name, brief } of OPTIONS) {
    assertEquals(
      lines.some((line) => brief !== undefined && line.endsWith(`  ${brief}`)),
      !!brief,
      name,
    );
  }
});

Deno.test("help on an option is its row: by name, letter, alias, or as much of it as is clear", () => {
  assertStringIncludes(oneLine(helpOn("frontend", "")), oneLine(optionNamed("frontend").help));
  for (const topic of ["f", "-f", "--frontend", "fronte"]) {
    assertEquals(helpOn(topic, ""), helpOn("frontend", ""), topic);
  }
  assertStringIncludes(oneLine(helpOn("tls-protos", "")), "inside frontend = { ... }");
  assertStringIncludes(oneLine(helpOn("shared-cache-if", "")), "Refused: stud does not");
  assertStringIncludes(oneLine(helpOn("ring-slots", "")), "Ignored: stud has no");
  assertEquals(helpOn("all", "1.0.0"), helpText("1.0.0"));
  for (const { name } of OPTIONS) {
    for (const line of helpOn(name, "").split("\n")) assert(line.length <= 80, line);
  }
});

Deno.test("help on what is no option is an error that names the nearest", () => {
  const { message } = assertThrows(() => helpOn("frontent", ""), UsageError);
  assertEquals(message, '--help: no option is called "frontent"; did you mean --frontend?');
  for (const topic of ["client-verify-", ""]) assertThrows(() => helpOn(topic, ""), UsageError);
});

Deno.test("usage shows letter, long name and value", () => {
  const usage = new Map(OPTIONS.map((option) => [option.name, optionUsage(option)]));
  assertEquals(usage.get("frontend"), "-f, --frontend HOST,PORT[+PEM]");
  assertEquals(usage.get("self-signed"), "--self-signed[=NAME]");
  assertEquals(usage.get("quiet"), "-q, --quiet");
  assertEquals(usage.get("tls"), "--tls");
  assertEquals(usage.get("pem-file"), "PEM, --pem-file PEM");
});

Deno.test("the default configuration reads back as the defaults", () => {
  assertEquals(settingsOf(["a.pem"], defaultConfig()), settingsOf(["a.pem"]));
});

Deno.test("the default configuration sets every default and leaves refused options commented", () => {
  const text = defaultConfig();
  const values = parseConfigFile({ file: "default", text });
  for (const option of OPTIONS) {
    if (option.key === undefined) continue;
    const entries = text.split("\n").filter((line) => line.startsWith(`${option.key} = `));
    const comments = text.split("\n").filter((line) =>
      line.startsWith(`# ${option.key} = `) && !line.endsWith("{")
    );
    const isCommented = option.refusal !== undefined || option.type.kind === "client-name";
    assertEquals([entries.length, comments.length], isCommented ? [0, 1] : [1, 0], option.name);
    const expected = option.refusal || option.default === undefined ? [] : [option.default];
    assertEquals((values.get(option.name) ?? []).map((raw) => raw.text), expected, option.name);
    assertStringIncludes(text.replaceAll("\n# ", " "), optionHelp(option));
  }
});

Deno.test("commented entries of the default configuration are sound once uncommented", () => {
  const keys = OPTIONS.flatMap((option) => option.refusal && option.key ? [option.key] : []);
  const entry = new RegExp(`^# ((?:${keys.join("|")}) = .*)$`, "gm");
  const uncommented = defaultConfig().replace(entry, "$1");
  assert(uncommented.includes("\nclient = off\n"));
  assertEquals(settingsOf(["a.pem"], uncommented), settingsOf(["a.pem"]));
});

Deno.test("the manual page explains every option, and why refused ones are", () => {
  const plain = oneLine(
    manPage("1.0.0", "2001-02-03").replace(/\\f[BIR]/g, "").replaceAll("\\-", "-")
      .replaceAll("\n\\&", "\n").replaceAll("\\&", ""),
  );
  for (const option of OPTIONS) {
    assertStringIncludes(plain, `.TP ${optionUsage(option)} ${optionHelp(option)}`);
    if (option.refusal) assertStringIncludes(plain, `Refused: ${option.refusal}.`);
    else if (option.default && option.default !== "off") {
      assertStringIncludes(plain, `${optionHelp(option)} The default is ${option.default}.`);
    }
  }
  assertStringIncludes(plain, '.TH STUD 8 "2001-02-03" "stud 1.0.0"');
});

Deno.test("the engine that alone can do something is named, and the platform that cannot", () => {
  const help = new Map(OPTIONS.map((option) => [option.name, optionHelp(option)]));
  assert(help.get("ciphers")!.endsWith(" Needs OpenSSL."));
  assert(help.get("pem-file")!.endsWith(" More than one needs OpenSSL."));
  assert(help.get("private-key")!.endsWith(" A pkcs11: URI needs OpenSSL."));
  assert(help.get("ssl")!.endsWith(" Needs OpenSSL."));
  assert(help.get("tls-protos")!.endsWith(" Values other than the default need OpenSSL."));
  for (const name of ["steer-by-client", "chroot"] as const) {
    assertEquals(help.get(name), `${optionNamed(name).help} Not available under Node.`);
  }
  assertEquals(help.get("workers"), optionNamed("workers").help);
});

Deno.test("what a pem-file block takes stands in help, manual page, options.md and default file", () => {
  const help = oneLine(helpText("1.0.0"));
  const page = manPage("1.0.0", "2001-02-03").replace(/\\f[BIR]/g, "").replaceAll("\\-", "-");
  const markdown = oneLine(optionsMarkdown()).replaceAll("\\|", "|");
  for (const option of PEM_BLOCK_OPTIONS) {
    const usage = blockUsage(option);
    const sentences = option.pemBlock === "only"
      ? optionHelp(option)
      : `Like --${option.name}, for this certificate only.`;
    assertStringIncludes(help, `${usage} ${sentences}`);
    assertStringIncludes(oneLine(page), `.TP ${usage} ${sentences}`);
    assertStringIncludes(markdown, `\`${usage}\``);
    assertStringIncludes(defaultConfig(), `\n#     ${usage}\n`);
  }
});

Deno.test("the block in the default file is sound once uncommented", () => {
  const block = /^# pem-file = \{\n(?:# {5}.*\n)+# \}$/m;
  const uncommented = defaultConfig().replace(
    block,
    (text) =>
      text.replace(/^# /gm, "").replaceAll("none|optional|required", "required")
        .replace("TYPE:NAME", "DNS:NAME").replace("on|off", "on"),
  );
  assertEquals(settingsOf([], uncommented).pemFiles, [{
    certificate: "FILE",
    privateKey: "FILE",
    ocspResponse: "FILE",
    ocspVerifyStaple: true,
    clients: {
      verify: "required",
      authorities: "FILE",
      revocationLists: "FILE",
      allowed: [{ kind: "CN", value: "NAME" }, { kind: "DNS", value: "name" }],
    },
  }]);
});

Deno.test("the manual page has its sections in the usual order", () => {
  const sections = manPage("1.0.0", "2001-02-03").match(/^\.SH .*$/gm);
  assertEquals(
    sections?.map((line) => line.slice(4)),
    [
      "NAME",
      "SYNOPSIS",
      "DESCRIPTION",
      "COMMANDS",
      "OPTIONS",
      "SIGNALS",
      "EXIT STATUS",
      "ENVIRONMENT",
    ]
      .concat(["FILES", "EXAMPLES", "SEE ALSO"]),
  );
});

Deno.test("examples in the manual page fit a terminal", () => {
  const examples = manPage("1.0.0", "2001-02-03").match(/^\.nf\n\.RS 4\n[^]*?^\.RE$/gm)!;
  for (const line of examples.flatMap((text) => text.split("\n").slice(2, -1))) {
    const shown = line.replaceAll("\\(aq", "'").replaceAll("\\e", "\\").replaceAll("\\-", "-");
    // A section is indented by 7 columns.
    assert(7 + 4 + shown.length <= 80, shown);
  }
});

Deno.test("the manual page names every exit status, file and variable of the status commands", () => {
  const page = manPage("1.0.0", "2001-02-03").replaceAll("\\-", "-");
  const [, status, environment, files] =
    /^\.SH EXIT STATUS$([^]*)^\.SH ENVIRONMENT$([^]*)^\.SH FILES$([^]*)^\.SH EX/m.exec(page)!;
  assertStringIncludes(oneLine(status!), "2 if something is broken, 3 if stud does not answer");
  assertStringIncludes(environment!, "\n.B SSL_CERT_FILE, SSL_CERT_DIR\n");
  assertStringIncludes(files!, "\n.I /run/stud/status.sock\n");
});

Deno.test("no line of the manual page is taken for a request that is none", () => {
  const requests = new Set(
    ["TH", "SH", "SS", "TP", "PP", "B", "I", "BR", "IR", "RI", "RS", "RE", "nf", "fi", "br"],
  );
  for (const line of manPage("1.0.0", "2001-02-03").split("\n")) {
    if (!/^[.']/.test(line) || line.startsWith('.\\"')) continue;
    const [request] = line.slice(1).split(" ");
    assert(line.startsWith(".") && requests.has(request!), line);
  }
});

Deno.test("options.md has a heading for every option, equal columns, and lines that fit", () => {
  const text = optionsMarkdown();
  const lines = text.split("\n");
  for (const option of OPTIONS) {
    const usage = optionUsage(option);
    const heading = `\n### --${option.name}\n\n\`${usage}\``;
    const row = `\n| \`${usage.replaceAll("|", "\\|")}\` `;
    assertEquals(text.split(option.refusal ? row : heading).length, 2, option.name);
  }
  for (const [index, line] of lines.entries()) {
    const above = lines[index - 1];
    if (line.startsWith("|") && above?.startsWith("|")) {
      assertEquals(line.length, above.length, line);
    }
    if (!line.startsWith("|")) assert(line.length <= 100, line);
  }
});

Deno.test("wrap() fills lines, and gives a long word its own", () => {
  assertEquals(wrap("aa bb cc", 5), ["aa bb", "cc"]);
  assertEquals(wrap("a bbbbbbbb c", 4), ["a", "bbbbbbbb", "c"]);
  assertEquals(wrap("", 4), []);
});
