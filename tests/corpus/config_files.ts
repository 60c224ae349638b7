/** Configuration files of stud and of hitch, as editors, templates and other systems leave them. */

import { encoded, type Making, utf16 } from "./making.ts";
import { refused, type Row, served } from "./row.ts";

const config: Row["args"] = (path) => [`--config=${path}`];

/** As stud 0.3 would have it, and as hitch has it. */
async function texts(it: Making): Promise<{ stud: string; hitch: string }> {
  const site = await it.site();
  return {
    stud:
      `# stud\nfrontend = [*]:8443\nbackend = [127.0.0.1]:8000\npem-file = "${site}"\nworkers = 1\n`,
    hitch:
      `# hitch\nfrontend = {\n  host = "*"\n  port = "8443"\n}\nbackend = "[127.0.0.1]:8000"\nworkers = 1\n` +
      `pem-file = {\n  cert = "${site}"\n}\n`,
  };
}

type Change = (text: string) => string | Uint8Array;

const CHANGES: readonly (readonly [name: string, change: Change])[] = [
  ["plain", (text) => text],
  ["crlf", (text) => text.replaceAll("\n", "\r\n")],
  ["cr-only", (text) => text.replaceAll("\n", "\r")],
  ["bom", (text) => `\ufeff${text}`],
  ["tabs", (text) => text.replaceAll(/^(?=\w)/gm, "\t").replaceAll(" = ", "\t=\t")],
  ["no-spaces", (text) => text.replaceAll(" = ", "=")],
  ["no-last-line-feed", (text) => text.trimEnd()],
  ["trailing-spaces", (text) => text.replaceAll("\n", "  \n")],
  ["non-breaking-spaces", (text) => text.replaceAll(" = ", "\u00a0=\u00a0")],
  ["semicolons", (text) => text.replaceAll(/(workers = 1|8000"?)$/gm, "$1;")],
  ["single-quotes", (text) => text.replaceAll('"', "'")],
  ["utf-16", (text) => utf16(text)],
];

/** One row for each change of both. */
const SPELLINGS: readonly Row[] = (["stud", "hitch"] as const).flatMap((style) =>
  CHANGES.map(([name, change]) => ({
    name: `config-of-${style}-${name}`,
    make: async (it: Making) => change((await texts(it))[style]),
    outcome: name === "utf-16"
      ? refused(
        "$file: is UTF-16 text; convert it: iconv -f UTF-16LE -t UTF-8 FILE > new.conf (stud --default-config lists the keys)",
      )
      : served(),
    args: config,
  }))
);

const FAULTS: readonly Row[] = [
  {
    name: "config-unterminated-quote",
    make: async (it: Making) => (await texts(it)).stud.replace('pem"', "pem"),
    outcome: refused(
      '$file:4:13: "pem-file = \\"…/site.pem": the closing " is missing (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-missing-brace",
    make: async (it: Making) => (await texts(it)).hitch.replace(/\}\n$/, ""),
    outcome: refused(
      "$file:8:1: pem-file: the } that closes the block is missing (stud --default-config lists the keys)",
    ),
  },
  {
    name: "config-missing-brace-within",
    make: async (it: Making) => (await texts(it)).hitch.replace("}\nbackend", "backend"),
    outcome: refused(
      "$file:2:1: frontend: the } that closes the block is missing (stud --default-config lists the keys)",
    ),
  },
  {
    name: "config-brace-too-many",
    make: async (it: Making) => `${(await texts(it)).hitch}}\n`,
    outcome: refused(
      '$file:11:1: "}" is not of the form key = value (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-word-processor-quotes",
    make: async (it: Making) => (await texts(it)).stud.replace(/"(.*)"/, "“$1”"),
    outcome: refused(
      '$file:4:12: "pem-file = “…/site.pem”": use only " or \' to quote a value (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-yaml",
    make: async (it: Making) => (await texts(it)).stud.replaceAll(" =", ":"),
    outcome: refused(
      '$file:2:1: "frontend: [*]:8443" is not of the form key = value; write frontend = [*]:8443 (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-without-equals",
    make: async (it: Making) => (await texts(it)).stud.replaceAll(" =", ""),
    outcome: refused(
      '$file:2:1: "frontend [*]:8443" is not of the form key = value; write frontend = [*]:8443 (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-ini-section",
    make: async (it: Making) => `[stud]\n${(await texts(it)).stud}`,
    outcome: refused(
      '$file:1:1: "[stud]" is not of the form key = value; sections are not supported; remove the line (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-slash-comments",
    make: async (it: Making) => (await texts(it)).stud.replaceAll("# ", "// "),
    outcome: refused(
      '$file:1:1: "// stud" is not of the form key = value; a comment starts with # (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-options-of-the-command-line",
    make: async (it: Making) => (await texts(it)).stud.replace("workers", "--workers"),
    outcome: refused(
      '$file:5:1: unknown key "--workers"; did you mean workers? (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-nul",
    make: async (it: Making) => `${(await texts(it)).stud}\0\0\0`,
    outcome: refused(
      '$file:6:1: "\\x00\\x00\\x00" is not of the form key = value (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-misspelt",
    make: async (it: Making) => (await texts(it)).stud.replace("workers", "worker"),
    outcome: refused(
      '$file:5:1: unknown key "worker"; did you mean workers? (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-is-a-pem-file",
    make: async (it: Making) => (await it.leaf()).pem,
    outcome: refused(
      '$file:1:1: "-----BEGIN CERTIFICATE-----" is not of the form key = value (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-latin-1",
    make: async (it: Making) =>
      Uint8Array.of(...encoded((await texts(it)).stud), 0x23, 0x20, 0xe9, 0x0a),
    outcome: served(),
  },
  {
    name: "config-html",
    make: () => "<!DOCTYPE html>\n<html></html>\n",
    outcome: refused(
      '$file:1:1: "<!DOCTYPE html>" is not of the form key = value (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-merge-conflict",
    make: async (it: Making) => `<<<<<<< HEAD\n${(await texts(it)).stud}=======\n>>>>>>> x\n`,
    outcome: refused(
      '$file:1:1: "<<<<<<< HEAD" is not of the form key = value (stud --default-config lists the keys)',
    ),
  },
  {
    name: "config-empty",
    make: () => "",
    outcome: refused(
      "no PEM file given: add the file with certificate and private key as an argument, or try stud with --self-signed (stud --help all lists the options)",
    ),
  },
].map((row) => ({ ...row, args: config }));

/** Configuration files. */
export const CONFIG_FILES: readonly Row[] = [...SPELLINGS, ...FAULTS];
