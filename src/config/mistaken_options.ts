/**
 * Options and words that stud has not, by which operators of other programs mean something that it has. It only tells
 * what to write; a name that stud has is never asked about.
 */

import { nearest } from "./nearest.ts";
import { OPTIONS } from "./options.ts";
import { STATUS_COMMANDS } from "./status_commands.ts";

/** What to write instead of an unknown long option, without dashes; undefined if nothing is known. */
export function longOptionHint(written: string): string | undefined {
  const negated = /^(?:no|disable)-?(.+)$/.exec(written)?.[1];
  const flag = OPTIONS.find(({ name, type }) => name === negated && type.kind === "flag");
  if (flag !== undefined) return `write --${flag.name}=off`;
  return LONG[written.toLowerCase()];
}

/** The same for one letter. */
export function shortOptionHint(letter: string): string | undefined {
  return SHORT[letter];
}

/** The same for a plain argument that is hardly a PEM file. */
export function operandHint(operand: string): string | undefined {
  const command = COMMANDS.find(([words]) => words.includes(operand.toLowerCase()))?.[1];
  if (command !== undefined) {
    return `${command}; for a PEM file of that name, write ./${operand}`;
  }
  // What text processors make of two hyphens.
  const dashed = /^[\u2010-\u2015\u2212][\u2010-\u2015\u2212-]*(.*)$/s.exec(operand)?.[1];
  if (dashed !== undefined) {
    return `it begins with a dash that is not a hyphen; write ${
      dashed.length > 1 ? "--" : "-"
    }${dashed}`;
  }
  const [, name] = /^([a-z0-9-]+)=/.exec(operand) ?? [];
  const isOption = OPTIONS.some((option) => option.name === name);
  return isOption ? `write --${operand} if you mean the option` : undefined;
}

/** The same for a plain argument that names no file: perhaps the operator meant a command. */
export function missingFileHint(operand: string): string | undefined {
  if (!/^[a-z]+$/i.test(operand)) return undefined;
  const words = COMMANDS.flatMap(([words]) => words);
  const meant = nearest(operand, [...STATUS_COMMANDS, ...words]);
  if (meant === undefined) return undefined;
  const command = COMMANDS.find(([words]) => words.includes(meant))?.[1];
  return command ?? `did you mean stud ${meant}?`;
}

const MORE_LINES = "for more log lines write -L 2";
const CERTIFICATE = "give the PEM file as an argument, without an option";

const LONG: Readonly<Record<string, string>> = {
  verbose: MORE_LINES,
  debug: MORE_LINES,
  foreground: "stud stays in the foreground unless --daemon is given",
  background: "write --daemon",
  listen: "write --frontend",
  bind: "write --frontend",
  accept: "write --frontend",
  target: "write --backend",
  upstream: "write --backend",
  connect: "write --backend",
  cert: CERTIFICATE,
  certificate: CERTIFICATE,
  pem: CERTIFICATE,
  key: "write --private-key",
  threads: "write --workers",
  "pid-file": "write --pidfile",
  "log-file": "write --log-filename",
  "max-conn": "write --max-connections",
  json: "stud status has it: write stud status --json",
};

const SHORT: Readonly<Record<string, string>> = {
  v: `for the version write -V, ${MORE_LINES}`,
  d: "for the background write --daemon, " + MORE_LINES,
  "?": "write -h",
  H: "write -h",
};

const COMMANDS: readonly (readonly [readonly string[], string])[] = [
  [["help", "usage"], "write --help for help"],
  [["version"], "write --version for the version"],
  [["test", "check", "configtest"], "write --test to check the configuration"],
  [["start", "run", "serve"], "stud has no such command; leave it out"],
  [
    ["stop", "restart", "reload"],
    "stud has no such command; send SIGTERM to stop it, SIGHUP to reload",
  ],
];
