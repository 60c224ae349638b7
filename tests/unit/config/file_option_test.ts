/** Which option a file that is at fault was given by. */

import { givenValues } from "../../../src/config/command.ts";
import { parseCommandLine } from "../../../src/config/command_line.ts";
import { namingOption } from "../../../src/config/file_option.ts";
import { CertificatesRefused, StartupError, UsageError } from "../../../src/errors.ts";
import { assert, assertEquals } from "../../support/assert.ts";

/** What becomes of a message for this command line and the text of stud.conf. */
function named(message: string, argv: readonly string[], text = ""): string {
  const values = givenValues(parseCommandLine(["--config=stud.conf", ...argv]), {
    ...{ file: "stud.conf", text },
  });
  const error = new StartupError(message);
  assert(namingOption(error, values) === error);
  return error.message;
}

Deno.test("an error about a file begins with the option that names the file", () => {
  const options = ["--client-verify-ca", "--client-verify-crl", "--backend-ca", "--ticket-secret"];
  for (const option of [...options, "--private-key", "--pem-dir"]) {
    assertEquals(named("/x: no such file", [option, "/x"]), `${option} /x: no such file`);
  }
  assertEquals(
    named("/x: no such file", ["-f", "*,443+/x", "-f", "*,444"]),
    "-f/--frontend /x: no such file",
  );
  assertEquals(
    named("/x: not PEM", ["--private-key=/x", "--private-key=/x"]),
    "--private-key /x: not PEM",
  );
});

Deno.test("an error about a file of the configuration file begins with the line", () => {
  const text = `pem-file = /a
pem-file = { cert = /b private-key = /c
  ocsp-resp-file = /d }
frontend = { port = 443 pem-file = { cert = /e client-verify-ca = /f } }
`;
  const cases = [
    ["/a: is empty", "1:12: pem-file"],
    ["/b: is empty", "2:1: pem-file"],
    ["/c: is empty", "2:38: private-key"],
    ["/d: is empty", "3:20: ocsp-resp-file"],
    ["/e: is empty", "4:25: pem-file"],
    ["/f: is empty", "4:67: client-verify-ca"],
  ];
  for (const [message, place] of cases) {
    assertEquals(named(message!, [], text), `stud.conf:${place} ${message}`);
  }
  // The command line replaces it.
  assertEquals(named("/a: is empty", ["/z"], text), "/a: is empty");
});

Deno.test("an error stays as it is if no single option is to blame", () => {
  assertEquals(named("/x: no such file", ["/x"]), "/x: no such file");
  assertEquals(named("/x: no such file", ["/y", "--private-key=/x/y"]), "/x: no such file");
  assertEquals(named("/x: bad", ["/x", "--client-verify-ca=/x"]), "/x: bad");
  assertEquals(named("--pidfile /x: bad", ["--pidfile=/x"]), "--pidfile /x: bad");
  const values = givenValues(parseCommandLine(["--private-key=/x"]));
  const usage = new UsageError("/x: bad");
  assert(namingOption(usage, values) === usage);
  assertEquals(usage.message, "/x: bad");
});

Deno.test("an error keeps what it carries", () => {
  const refused = [{ fingerprint: "f", source: "/x", reason: "too weak" }];
  const error = new CertificatesRefused(refused);
  const values = givenValues(parseCommandLine(["-f", "*,443+/x"]));
  assert(namingOption(error, values) === error);
  assertEquals([error.message, error.refused], ["-f/--frontend /x: too weak", refused]);
});

Deno.test("a word that is no file may have been meant as a command", () => {
  const cases = [
    ["stauts", "; did you mean stud status?"],
    ["Tpo", "; did you mean stud top?"],
    ["hlep", "; write --help for help"],
    ["relaod", "; stud has no such command; send SIGTERM to stop it, SIGHUP to reload"],
    ["example", ""],
    ["./stauts", ""],
    ["stauts.pem", ""],
  ];
  for (const [word, hint] of cases) {
    assertEquals(named(`${word}: no such file`, [word!]), `${word}: no such file${hint}`);
  }
  assertEquals(named("stauts: is empty", ["stauts"]), "stauts: is empty");
});
