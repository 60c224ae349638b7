import { SHELLS } from "../../../src/config/settings.ts";
import { completion } from "../../../src/manual/completion.ts";
import { optionNamed, OPTIONS } from "../../../src/config/options.ts";
import { assert, assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { testWith } from "../../support/tools.ts";

Deno.test("every supported option is completed in every shell, and no refused one", () => {
  for (const shell of SHELLS) {
    const script = completion(shell);
    assert(/[^\n]\n$/.test(script), shell);
    for (const { name, refusal, operand } of OPTIONS) {
      if (operand && shell !== "bash") continue;
      const known = new RegExp(`[-' {,]-?-?${name}[ ='\\[)},]`).test(
        script.replace(/all( [a-z-]+)+/g, ""),
      );
      assertEquals(known, refusal === undefined, `${shell}: ${name}`);
    }
  }
});

Deno.test("the shells to choose from are those that there are scripts for", () => {
  const { type } = optionNamed("completion");
  assertEquals(type.kind === "choice" && type.choices, SHELLS);
});

testWith(
  { tools: ["bash"] },
  "bash completes names, words and values, with and without =",
  async () => {
    const complete = async (...words: string[]) => {
      const script = `${completion("bash")}
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stud; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const command = new Deno.Command("bash", { args: ["-c", script, "bash", "stud", ...words] });
      const { stdout, stderr } = await command.output();
      assertEquals(new TextDecoder().decode(stderr), "");
      return new TextDecoder().decode(stdout).trim().split("\n");
    };
    assertEquals(await complete("--fron"), ["--frontend"]);
    assertEquals(await complete("--tls-library", "o"), ["openssl"]);
    assertEquals(await complete("--client-verify", "=", "re"), ["required"]);
    assertEquals(await complete("--client-verify", "="), ["none", "optional", "required"]);
    assertEquals(await complete("-u", "nob"), ["nobody"]);
    assertEquals(await complete("--chroot", "/et"), ["/etc"]);
    assertEquals(await complete("-q", "/etc/hostn"), ["/etc/hostname"]);
    assertEquals(await complete("--help", "write-ip"), ["write-ip"]);
    assertEquals(await complete("-b", "x"), [""]);
  },
);

for (const [shell, check] of [["zsh", ["-n"]], ["fish", ["--no-execute"]]] as const) {
  testWith({ tools: [shell] }, `${shell} takes the script`, async () => {
    const file = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(file, completion(shell));
      const { code, stderr } = await new Deno.Command(shell, { args: [...check, file] }).output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    } finally {
      await Deno.remove(file);
    }
  });
}

Deno.test("summaries are one line, and quote nothing that a shell would take", () => {
  assertStringIncludes(completion("zsh"), "--frontend=}'[address to listen on]:HOST,PORT[+PEM]:'");
  for (const line of completion("fish").split("\n").slice(1, -1)) {
    assertEquals(line.split("'").length % 2, 1, line);
  }
});
