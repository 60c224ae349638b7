import { assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { refusalOf, settingsOf } from "./settings_of.ts";

Deno.test("--self-signed stands in for a PEM file", () => {
  const names = ["example.com", "*.example.com", "192.0.2.1", "::1", "localhost"];
  for (const name of names) {
    const settings = settingsOf([`--self-signed=${name}`]);
    assertEquals([settings.selfSigned, settings.pemFiles], [name, []]);
  }
  for (const name of ["a b", "a/b", "*", "*.*.a", "1.2.3", "a\x1b"]) {
    assertStringIncludes(
      refusalOf([`--self-signed=${name}`]),
      "is neither a DNS name nor an IP address",
    );
  }
});

Deno.test("without a certificate stud does not start", () => {
  assertStringIncludes(refusalOf([]), "no PEM file given: ");
  assertStringIncludes(refusalOf([], "pem-file = ''\nself-signed = ''"), "no PEM file given: ");
});

Deno.test("a PEM file and --self-signed exclude each other", () => {
  assertEquals(
    refusalOf(["--self-signed", "a.pem"]),
    'PEM file "a.pem" and --self-signed exclude each other; give one',
  );
  assertEquals(
    refusalOf(["--self-signed"], "pem-file = a.pem"),
    'stud.conf:1:12: pem-file "a.pem" and --self-signed exclude each other; give one',
  );
});

Deno.test("PEM files keep their order, and a directory may stand beside them or alone", () => {
  const listed = settingsOf(["b.pem", "--pem-file=a.pem", "--pem-dir=/pem"]);
  assertEquals(listed.pemFiles, [{ certificate: "b.pem" }, { certificate: "a.pem" }]);
  assertEquals(listed.pemDir, "/pem");
  const alone = settingsOf(["--pem-dir=/pem"]);
  assertEquals([alone.pemFiles, alone.pemDir, alone.pemDirGlob], [[], "/pem", undefined]);
});

Deno.test("neither a directory nor a key goes with --self-signed", () => {
  assertEquals(
    refusalOf(["--self-signed", "--pem-dir=/pem"]),
    '--pem-dir "/pem" and --self-signed exclude each other; give one',
  );
  assertEquals(
    refusalOf(["--private-key=a.key"], "self-signed = localhost"),
    '--private-key "a.key" and stud.conf:1:15: self-signed exclude each other; give one',
  );
});

Deno.test("a pattern for the files of a directory needs the directory", () => {
  assertEquals(
    refusalOf(["--pem-dir-glob=*.pem", "a.pem"]),
    '--pem-dir-glob "*.pem" has no effect without --pem-dir',
  );
});

Deno.test("a private key alone is no certificate", () => {
  assertStringIncludes(refusalOf(["--private-key=a.key"]), "no PEM file given: ");
});

Deno.test("clients cannot be verified without authorities, in general or in a block", () => {
  for (const verify of ["optional", "required"]) {
    assertEquals(
      refusalOf([`--client-verify=${verify}`, "a.pem"]),
      `--client-verify: "${verify}" needs --client-verify-ca with the authorities that ` +
        "sign clients' certificates",
    );
    assertStringIncludes(
      refusalOf([], `pem-file = {\n cert = a\n client-verify = ${verify}\n}`),
      `stud.conf:3:18: client-verify: "${verify}" needs --client-verify-ca`,
    );
  }
  assertEquals(settingsOf(["--client-verify=none", "a.pem"]).clientVerify, "none");
});

Deno.test("a block may rely on the general authorities, but not on those of another", () => {
  const block = "pem-file = { cert = a client-verify = required }\n";
  assertEquals(settingsOf([], `${block}client-verify-ca = ca.pem`).pemFiles, [
    { certificate: "a", clientVerify: "required" },
  ]);
  assertStringIncludes(
    refusalOf([], `${block}pem-file = { cert = b client-verify-ca = ca.pem }`),
    "stud.conf:1:39: client-verify: ",
  );
});
