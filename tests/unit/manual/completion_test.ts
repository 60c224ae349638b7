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
    assertEquals(await complete("--log-level", ""), ["0", "1", "2"]);
    assertEquals(await complete("--tls-protos", "TLSv1.3"), ["TLSv1.3"]);
    assertEquals(await complete("stat"), ["status"]);
    assertEquals(await complete("status", "-"), ["--json", "-h", "--help"]);
    assertEquals(await complete("top", "-"), ["-h", "--help"]);
    assertEquals(await complete("status", "--json", "/etc/hostn"), ["/etc/hostname"]);
    assertEquals(await complete("./status", "--fron"), ["--frontend"]);
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

Deno.test("fish and zsh complete only their own options after status and top", () => {
  const lines = completion("fish").split("\n").filter((line) => / -l /.test(line));
  const own = lines.filter((line) =>
    !/ -n 'not __fish_seen_subcommand_from status top' /.test(line)
  );
  assertEquals(own.map((line) => line.replace(/^complete -c stud -n | -d .*/g, "")), [
    "'__fish_seen_subcommand_from status' -l json",
    "'__fish_seen_subcommand_from status top' -s h -l help",
  ]);
  const script = completion("zsh");
  const [status, top] = ["status", "top"].map((command) =>
    script.indexOf(`[[ $words[2] == ${command} ]]; then\n  _arguments -S `)
  );
  const rest = script.indexOf("_arguments -s -S");
  assert(0 < status! && status! < top! && top! < rest, script);
  assertEquals(script.slice(0, rest).match(/(?<= )--[a-z]+(?=')/g), ["--json"]);
  assertEquals(script.slice(top, rest).split("\n")[2], "  return");
});

Deno.test("summaries are one line, and quote nothing that a shell would take", () => {
  assertStringIncludes(completion("zsh"), "--frontend=}'[address to listen on]:HOST,PORT[+PEM]:'");
  for (const line of completion("fish").split("\n").slice(1, -1)) {
    assertEquals(line.split("'").length % 2, 1, line);
  }
});
