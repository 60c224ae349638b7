/** What the options of the log and of the background mean together. */

import { assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { ON_NODE, refusalOf, settingsOf } from "./settings_of.ts";

const levelOf = (...argv: string[]) => settingsOf([...argv, "a.pem"]).log.level;

Deno.test("levels are hitch's numbers, and -q is 0", () => {
  assertEquals(["0", "1", "2"].map((level) => levelOf("-L", level)), ["error", "info", "debug"]);
  assertEquals([levelOf(), levelOf("-q"), levelOf("-q", "-L0")], ["info", "error", "error"]);
  assertStringIncludes(refusalOf(["-L3", "a.pem"]), '-L/--log-level: "3" is not a whole number');
});

Deno.test("-q contradicts every level but 0, wherever it stands", () => {
  assertStringIncludes(
    refusalOf(["-q", "-L", "2", "a.pem"]),
    "-q/--quiet and -L/--log-level 2 exclude each other",
  );
  assertStringIncludes(refusalOf(["-L1", "a.pem"], "quiet = on"), "stud.conf:1:9: quiet and -L/");
  assertEquals(settingsOf(["--quiet=off", "-L2", "a.pem"], "quiet = on").log.level, "debug");
});

Deno.test("a daemon logs to its file, or else to syslog", () => {
  const where = (...argv: string[]) => {
    const { file, syslog } = settingsOf(["--daemon", ...argv, "a.pem"]).log;
    return [file, syslog];
  };
  assertEquals(where(), [undefined, true]);
  assertEquals(where("-l", "stud.log"), ["stud.log", false]);
  assertEquals(where("-l", "stud.log", "-s"), ["stud.log", true]);
});

Deno.test("a daemon under Node needs a file for its log", () => {
  assertStringIncludes(
    refusalOf(["--daemon", "a.pem"], undefined, ON_NODE),
    "--daemon: under Node there is no syslog, so the log needs a file: add --log-filename FILE",
  );
  assertEquals(
    settingsOf(["--daemon", "-l", "x", "a.pem"], undefined, ON_NODE).service.daemon,
    true,
  );
});

Deno.test("only syslog: sends the access log to the log daemon, and nothing that looks like it is a file", () => {
  const access = (path: string) => settingsOf(["--access-log", path, "a.pem"]).log.access;
  assertEquals(access("syslog:"), "syslog:");
  assertEquals(access("./syslog"), "./syslog");
  assertEquals(access("syslog.log"), "syslog.log");
  for (const path of ["syslog", "syslog:local3"]) {
    assertStringIncludes(
      refusalOf(["--access-log", path, "a.pem"]),
      `--access-log: "${path}": give syslog: for the log daemon`,
    );
  }
  assertStringIncludes(
    refusalOf(["--access-log=syslog:", "a.pem"], undefined, ON_NODE),
    "--access-log: under Node there is no syslog; give a file, or - for standard output",
  );
});
