/**
 * Completion of the command line in shells, from the option table: what `stud --completion SHELL` prints. It completes
 * names, the allowed words of a value, files, users and groups; any other value is left to the operator. After `status`
 * or `top` it completes what these have instead.
 */

import type { Option } from "../config/options.ts";
import { OPTIONS } from "../config/options.ts";
import { type Shell, TLS_PROTOCOLS } from "../config/settings.ts";
import { STATUS_COMMANDS, STATUS_OPTIONS, type StatusCommand } from "../config/status_commands.ts";

/** A script for the shell to read, with a final line feed. */
export function completion(shell: Shell): string {
  const options = OPTIONS.filter((option) => option.refusal === undefined);
  switch (shell) {
    case "bash":
      return bash(options);
    case "zsh":
      return zsh(options);
    case "fish":
      return fish(options);
  }
}

/** The kinds of values that can be completed. */
type Values =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" | "directories" | "users" | "groups" | "anything" };

function valuesOf({ name, type, valueName = "" }: Option): Values {
  if (name === "help") return { kind: "words", words: ["all", ...OPTIONS.map((one) => one.name)] };
  if (type.kind === "choice") return { kind: "words", words: type.choices };
  if (type.kind === "tls-protocols") return { kind: "words", words: TLS_PROTOCOLS };
  if (type.kind === "number") {
    const words = [...type.words ?? [], ...fewNumbers(type)];
    return words.length > 0 ? { kind: "words", words } : { kind: "anything" };
  }
  if (/FILE|PEM/.test(valueName) && type.kind === "text") return { kind: "files" };
  if (valueName === "DIR") return { kind: "directories" };
  if (valueName === "USER") return { kind: "users" };
  return { kind: valueName === "GROUP" ? "groups" : "anything" };
}

/** All numbers, unless there are too many to choose from. */
function fewNumbers({ minimum, maximum }: { minimum: number; maximum: number }): string[] {
  const count = maximum - minimum + 1;
  return count > MAX_NUMBERS ? [] : Array.from({ length: count }, (_, at) => `${minimum + at}`);
}

const MAX_NUMBERS = 10;

/** Whether the next argument is its value. */
function takesNext(option: Option): boolean {
  return option.type.kind !== "flag" && (option.bare === undefined || option.name === "help");
}

/** The first sentence about the option, or the short text of `-h`. */
function summary({ brief, help }: Option): string {
  return brief ??
    help.replace(/\.( .*)?$/s, "").replace(/^\w(?=[a-z ])/, (letter) => letter.toLowerCase());
}

function names({ name, short }: Pick<Option, "name" | "short">): string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
}

function optionsOf(command: StatusCommand) {
  return STATUS_OPTIONS.filter(({ of }) => of.includes(command));
}

/** Bash splits `--name=value` into three words. */
function bash(options: readonly Option[]): string {
  const cases = options.filter(takesNext).map((option) =>
    `    ${names(option).join(" | ")}) ${bashValues(valuesOf(option))} ;;`
  );
  const all = options.flatMap(names).join(" ");
  const statusCases = STATUS_COMMANDS.map((command) =>
    `      ${command}) own="${optionsOf(command).flatMap(names).join(" ")}" ;;`
  );
  return `# Completion of stud for bash: source it, or save it as /etc/bash_completion.d/stud
_stud() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  if ((COMP_CWORD > 1)); then
    local own=
    case \${COMP_WORDS[1]} in
${statusCases.join("\n")}
    esac
    if [[ -n $own ]]; then
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$own" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      return
    fi
  fi
  case $before in
${cases.join("\n")}
    *)
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${all}" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        if ((COMP_CWORD == 1)); then
          mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "${
    STATUS_COMMANDS.join(" ")
  }" -- "$word")
        fi
      fi
      ;;
  esac
}
complete -o filenames -F _stud stud
`;
}

function bashValues(values: Values): string {
  const words = values.kind === "words" ? `-W "${values.words.join(" ")}"` : BASH[values.kind];
  return words === "" ? ":" : `mapfile -t COMPREPLY < <(compgen ${words} -- "$word")`;
}

const BASH = { files: "-f", directories: "-d", users: "-u", groups: "-g", anything: "" } as const;

function zsh(options: readonly Option[]): string {
  const specs = options.filter((option) => !option.operand).map((option) => {
    const { repeatable } = option;
    const [first, second] = names(option);
    const about = `[${summary(option).replace(/[[\]:\\]/g, "\\$&")}]${zshValue(option)}`;
    const equals = option.type.kind === "flag" ? "" : option.name === "help" ? "" : "=";
    const long = `${second ?? first}${equals}`;
    const spelled = second === undefined ? long : `{${first},${long}}`;
    if (repeatable) return `  '*'${spelled}${shellQuoted(about)}`;
    return second === undefined
      ? `  ${spelled}${shellQuoted(about)}`
      : `  '(${first} ${second})'${spelled}${shellQuoted(about)}`;
  });
  return `#compdef stud
# Completion of stud for zsh: save it as _stud in a directory of $fpath.
${STATUS_COMMANDS.map(zshCommand).join("")}_arguments -s -S \\
${specs.map((spec) => `${spec} \\`).join("\n")}
  '1:command or PEM file:{_alternative "commands:command:(${
    STATUS_COMMANDS.join(" ")
  })" "files:PEM file:_files"}' \\
  '*:PEM file:_files'
`;
}

/** Returns before the options of the server are completed. */
function zshCommand(command: StatusCommand): string {
  const specs = optionsOf(command).map((option) => {
    const about = shellQuoted(`[${option.brief}]`);
    const [first, second] = names(option);
    return second === undefined
      ? `${first}${about}`
      : `'(${first} ${second})'{${first},${second}}${about}`;
  });
  return `if (( CURRENT > 2 )) && [[ $words[2] == ${command} ]]; then
  _arguments -S ${specs.join(" ")} '1:command:(${command})' '2:socket or pidfile:_files'
  return
fi
`;
}

function zshValue(option: Option): string {
  if (option.type.kind === "flag") return "";
  const values = valuesOf(option);
  const optional = takesNext(option) && option.bare === undefined ? ":" : "::";
  const title = (option.valueName ?? "value").replace(/[:\\]/g, "\\$&");
  const what = values.kind === "words" ? `(${values.words.join(" ")})` : ZSH[values.kind];
  return `${optional}${title}:${what}`;
}

const ZSH = {
  files: "_files",
  directories: "_files -/",
  users: "_users",
  groups: "_groups",
  anything: "",
} as const;

function fish(options: readonly Option[]): string {
  const isCommand = `${FISH_COMMAND} ${STATUS_COMMANDS.join(" ")}`;
  const lines = options.filter((option) => !option.operand).map((option) => {
    const { name, short, type } = option;
    const values = valuesOf(option);
    const value = type.kind === "flag" || !takesNext(option)
      ? ""
      : values.kind === "words"
      ? ` -x -a ${shellQuoted(values.words.join(" "))}`
      : FISH[values.kind];
    const letter = short === undefined ? "" : ` -s ${short}`;
    const about = shellQuoted(summary(option));
    return `complete -c stud -n 'not ${isCommand}'${letter} -l ${name}${value} -d ${about}`;
  });
  const statusLines = STATUS_OPTIONS.map(({ name, short, brief, of }) => {
    const letter = short === undefined ? "" : ` -s ${short}`;
    const condition = `'${FISH_COMMAND} ${of.join(" ")}'`;
    return `complete -c stud -n ${condition}${letter} -l ${name} -d ${shellQuoted(brief)}`;
  });
  const commands = STATUS_COMMANDS.join(" ");
  return `# Completion of stud for fish: save it as ~/.config/fish/completions/stud.fish\n` +
    `complete -c stud -n __fish_use_subcommand -a '${commands}' -d 'Ask a running stud'\n` +
    [...statusLines, ...lines].join("\n") + "\n";
}

/** True after one of the commands that follow. */
const FISH_COMMAND = "__fish_seen_subcommand_from";

const FISH = {
  files: " -r -F",
  directories: " -x -a '(__fish_complete_directories)'",
  users: " -x -a '(__fish_complete_users)'",
  groups: " -x -a '(__fish_complete_groups)'",
  anything: " -x",
} as const;

/** In single quotes, which all three shells treat alike except for a quote inside. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
