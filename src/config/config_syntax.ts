/**
 * The syntax of the configuration file: what is a key, what its value, and where they stand. It owns
 * quotes, comments and blocks in braces, and knows no option.
 *
 * An entry is `key = value` on one line. A bare value ends at white space, as in stud; only a comment may
 * follow. Between single or double quotes every character stands for itself; there are no escapes. A value
 * may also be a block of entries in braces, as in hitch: over several lines or on one, where they follow
 * each other with or without a comma or semicolon between them.
 */

import { UsageError } from "../errors.ts";
import { escapeControl, quote } from "./quote.ts";

/** A configuration file as read. */
export interface ConfigText {
  /** The name that messages show. */
  readonly file: string;
  readonly text: string;
}

/** A key with its value. */
export interface ConfigEntry {
  readonly key: string;
  /** A text without its quotes, empty if there is none, or what a block holds. */
  readonly value: string | readonly ConfigEntry[];
  /** For messages: `stud.conf:3`. */
  readonly place: string;
  /** For messages: the entry as it stands in the file, for a block its beginning. */
  readonly written: string;
}

/**
 * Reads the entries one by one.
 *
 * @param checkBlock called before a block is read, with its key and place; throws if the key takes none
 * @throws UsageError that names file, line and the offending text
 */
export function* configEntries(
  config: ConfigText,
  checkBlock: (key: string, place: string) => void,
): Generator<ConfigEntry> {
  const reader = new Reader(config, checkBlock);
  for (let entry = reader.entry(); entry; entry = reader.entry()) yield entry;
}

class Reader {
  readonly #config: ConfigText;
  readonly #checkBlock: (key: string, place: string) => void;
  #index = 0;
  #line = 1;

  constructor(config: ConfigText, checkBlock: (key: string, place: string) => void) {
    this.#config = config;
    this.#checkBlock = checkBlock;
  }

  /** The next entry outside of blocks, or undefined at the end. */
  entry(): ConfigEntry | undefined {
    this.#take(/(?:\s|#[^\n]*)*/y);
    if (this.#atEnd) return undefined;
    const block = this.#block();
    if (block !== undefined) {
      const after = this.#rest();
      if (after !== "" && !after.startsWith("#")) {
        throw this.#error(`${quote(after)} follows the closing }`);
      }
      return block;
    }
    const place = this.#place;
    const line = this.#rest();
    const parts = /^([^\s={}]+)\s*=\s*(.*)$/s.exec(line);
    if (!parts) throw this.#error(`${quote(line)} is not of the form key = value`);
    const value = this.#lineValue(parts[2]!, line);
    this.#take(REST);
    return { key: parts[1]!, value, place, written: line };
  }

  #lineValue(value: string, line: string): string {
    const mark = value[0];
    if (mark === '"' || mark === "'") {
      const end = value.indexOf(mark, 1);
      if (end < 0) throw this.#error(`${quote(line)}: the closing ${mark} is missing`);
      const after = value.slice(end + 1).trim();
      if (after !== "" && !after.startsWith("#")) {
        throw this.#error(`${quote(line)}: ${quote(after)} follows the closing ${mark}`);
      }
      return value.slice(1, end);
    }
    const bare = value.replace(/(^|\s+)#.*$/s, "");
    if (/\s/.test(bare)) {
      throw this.#error(`${quote(line)}: put a value that contains spaces in quotes`);
    }
    return bare;
  }

  /** `key = { … }`, if that is what comes next. */
  #block(): ConfigEntry | undefined {
    const place = this.#place;
    const opening = this.#take(/([^\s={}]+)\s*=\s*\{/y);
    if (opening === undefined) return undefined;
    const key = opening[1]!;
    this.#checkBlock(key, place);
    const value: ConfigEntry[] = [];
    for (;;) {
      this.#take(/(?:[\s,;]|#[^\n]*)*/y);
      if (this.#atEnd) {
        throw new UsageError(`${place}: ${key}: the } that closes the block is missing`);
      }
      if (this.#take(/\}/y)) return { key, value, place, written: `${key} = {` };
      value.push(this.#block() ?? this.#inner());
    }
  }

  /** `key = value` inside a block; where it ends, the next may follow. */
  #inner(): ConfigEntry {
    const place = this.#place;
    const rest = this.#rest();
    const key = this.#take(/([^\s={}"']+)[^\S\n]*=[^\S\n]*/y)?.[1];
    if (key === undefined) {
      throw this.#error(
        `${quote(rest)} is not of the form key = value; put a value that contains spaces in quotes`,
      );
    }
    const mark = this.#take(/["']/y)?.[0];
    // A separator may follow a bare value directly, but is part of it elsewhere: pkcs11:token=a;object=b.
    const bare = /(?=#)|([^\s{}]*?)(?=[,;]*(?:[\s{}]|$))/y;
    const text = this.#take(mark === undefined ? bare : QUOTED[mark]!);
    if (text === undefined) throw this.#error(`${quote(rest)}: the closing ${mark} is missing`);
    if (mark !== undefined && !this.#take(/(?=[\s,;#}]|$)/y)) {
      throw this.#error(`${quote(rest)}: ${quote(this.#rest())} follows the closing ${mark}`);
    }
    return { key, value: text[1] ?? "", place, written: rest };
  }

  /** Matches where reading is, and goes on behind it. Sticky expressions only. */
  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#index;
    const match = expression.exec(this.#config.text);
    if (match === null) return undefined;
    this.#index = expression.lastIndex;
    this.#line += match[0].split("\n").length - 1;
    return match;
  }

  /** What is left of the line; reading stays where it is. */
  #rest(): string {
    REST.lastIndex = this.#index;
    return REST.exec(this.#config.text)![0].trim();
  }

  get #atEnd(): boolean {
    return this.#index >= this.#config.text.length;
  }

  get #place(): string {
    return `${escapeControl(this.#config.file)}:${this.#line}`;
  }

  #error(reason: string): UsageError {
    return new UsageError(`${this.#place}: ${reason}`);
  }
}

const QUOTED: Readonly<Record<string, RegExp>> = { '"': /([^"\n]*)"/y, "'": /([^'\n]*)'/y };
const REST = /[^\n]*/y;
