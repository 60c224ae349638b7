/** Errors by who has to act, and the one line that an operator sees of each. */

import {
  ConfigFileError,
  PeerError,
  reportError,
  StartupError,
  UsageError,
} from "../../src/errors.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("reportError() points from a UsageError to the help", () => {
  assertEquals(reportError(new UsageError("unknown option -x")), {
    level: "error",
    line: "unknown option -x (stud --help all lists the options)",
    exitCode: 1,
  });
});

Deno.test("reportError() points from a fault of a configuration file to the keys", () => {
  assertEquals(
    reportError(new ConfigFileError('a.conf:1:1: unknown key "x"')).line,
    'a.conf:1:1: unknown key "x" (stud --default-config lists the keys)',
  );
});

Deno.test("reportError() gives a StartupError as it is", () => {
  assertEquals(reportError(new StartupError("a.pem: no such file")), {
    level: "error",
    line: "a.pem: no such file",
    exitCode: 1,
  });
});

Deno.test("reportError() says which peer is at fault", () => {
  const { level, line } = reportError(new PeerError("backend", "reset", "connection reset"));
  assertEquals([level, line], ["warning", "backend: connection reset"]);
});

Deno.test("reportError() takes anything else for a mistake of ours", () => {
  const { line, exitCode } = reportError(new TypeError("oops"));
  assert(line.startsWith("internal error, please report it: TypeError: oops\n"), line);
  assertEquals(exitCode, 1);
  assertEquals(reportError("text").line, "internal error, please report it: text");
  assertEquals(reportError(undefined).line, "internal error, please report it: undefined");
});

Deno.test("errors keep their cause and have names", () => {
  const cause = new Error("native");
  const error = new PeerError("client", "reset", "m", { cause });
  assertEquals([error.cause, error.name, error.party, error.kind], [
    ...[cause, "PeerError", "client", "reset"],
  ]);
  assertEquals(new UsageError("").name, "UsageError");
  assertEquals(new StartupError("", { cause }).cause, cause);
});
