/**
 * The syntax of the configuration file: keys, their values, and their positions. It owns quotes, comments and blocks in
 * braces, and does not know the options.
 *
 * An entry is `key = value`. Entries are on separate lines, as in stud, or on one line, optionally separated by commas
 * or semicolons, as in hitch. A bare value is one word; of a list it is words, with or without commas, until the next
 * key. Between single or double quotes every character is literal; there are no escapes. A value may also be a block of
 * entries in braces. A # starts a comment, also directly after a plain word; in a bare path it is an ordinary
 * character, and so is a semicolon.
 */

import { ConfigFileError } from "../errors.ts";
import { utf16Encoding } from "../wire/utf16_text.ts";
import { escapeControl, quote } from "../wire/escape.ts";

/** A configuration file as read. */
export interface ConfigText {
  /** The name for messages. */
  readonly file: string;
  readonly text: string;
}

/** A key with its value. */
export interface ConfigEntry {
  readonly key: string;
  /** The text without its quotes, empty if there is none, or the entries of a block. */
  readonly value: string | readonly ConfigEntry[];
  /** Whether the value is text in quotes. */
  readonly quoted: boolean;
  /** Where the key is, for messages: `stud.conf:3:1`, with line and column from 1. */
  readonly place: string;
  /** Where the value is, or where it is missing. */
  readonly valuePlace: string;
  /** For messages: the entry as it is in the file, or the start of a block. */
  readonly written: string;
}

/** What the syntax must know about keys. */
export interface KeyRules {
  /**
   * Called before a block is parsed, with its key and position, and the key of the block around it. Throws if the key
   * may not have a block there.
   */
  checkBlock(key: string, place: string, outer: string | undefined): void;
  /** Whether some option has this key, in a block or outside. */
  isKey(word: string): boolean;
  /** Whether a bare value may be several words. */
  isList(key: string): boolean;
}

/**
 * Parses the entries one by one.
 *
 * @throws ConfigFileError that names file, line, column and the offending text
 */
export function* configEntries(config: ConfigText, rules: KeyRules): Generator<ConfigEntry> {
  const reader = new Reader(config, rules);
  for (let entry = reader.entry(); entry; entry = reader.entry()) yield entry;
}

class Reader {
  readonly #config: ConfigText;
  readonly #rules: KeyRules;
  #index = 0;
  #line = 1;
  #lineStart = 0;
  /** The line on which the last value ended. */
  #lastLine = 0;

  constructor(config: ConfigText, rules: KeyRules) {
    // Old systems end lines by CR alone; a comment would not end there.
    this.#config = { ...config, text: config.text.replaceAll(/\r(?!\n)/g, "\n") };
    this.#rules = rules;
    const encoding = utf16Encoding(config.text);
    if (encoding !== undefined) {
      throw new ConfigFileError(
        `${
          escapeControl(config.file)
        }: is UTF-16 text; convert it: iconv -f ${encoding} -t UTF-8 FILE > new.conf`,
      );
    }
    if (config.text.startsWith("\uFEFF")) this.#index = this.#lineStart = 1;
  }

  /** The next entry outside of blocks, or undefined at the end. */
  entry(): ConfigEntry | undefined {
    this.#take(BETWEEN);
    return this.#atEnd ? undefined : this.#entry(undefined);
  }

  /** The entry that starts here, in the block of the key `outer`. */
  #entry(outer: string | undefined): ConfigEntry {
    const place = this.#place;
    const written = this.#rest();
    const key = this.#take(KEY)?.[1];
    if (key === undefined) {
      const hint = this.#lastLine === this.#line
        ? "put a value that contains spaces in quotes"
        : otherForm(written, this.#rules);
      const end = hint === undefined ? "" : `; ${hint}`;
      throw this.#error(`${quote(written)} is not of the form key = value${end}`);
    }
    this.#toValue();
    const valuePlace = this.#place;
    const isBlock = this.#ahead(/\{/y);
    const quoted = this.#ahead(/["']/y);
    const value = isBlock ? this.#block(key, place, outer) : this.#text(key, written);
    this.#lastLine = this.#line;
    return { key, value, quoted, place, valuePlace, written: isBlock ? `${key} = {` : written };
  }

  /** The value may be on a later line, unless the next entry starts there. */
  #toValue(): void {
    if (!this.#ahead(/[^\S\n]*(?:#|\n|$)/y)) return;
    const before = [this.#index, this.#line, this.#lineStart] as const;
    this.#take(BLANK);
    if (!this.#atEnd && !this.#ahead(KEY) && !this.#ahead(/\}/y)) return;
    [this.#index, this.#line, this.#lineStart] = before;
  }

  #block(key: string, place: string, outer: string | undefined): ConfigEntry[] {
    this.#rules.checkBlock(key, place, outer);
    this.#take(/\{/y);
    const entries: ConfigEntry[] = [];
    for (;;) {
      this.#take(BETWEEN);
      if (this.#atEnd) {
        throw new ConfigFileError(`${place}: ${key}: the } that closes the block is missing`);
      }
      if (this.#take(/\}/y)) return entries;
      entries.push(this.#entry(key));
    }
  }

  #text(key: string, written: string): string {
    const mark = this.#take(/["']/y)?.[0];
    if (this.#ahead(/[“”„‘’‚«»]/y)) {
      throw this.#error(`${quote(written)}: use only " or ' to quote a value`);
    }
    if (mark === undefined) return this.#rules.isList(key) ? this.#words() : this.#word();
    const text = this.#take(QUOTED[mark]!)?.[1];
    if (text === undefined) throw this.#error(`${quote(written)}: the closing ${mark} is missing`);
    if (!this.#ahead(/[\s,;#}]|$/y)) {
      throw this.#error(
        `${quote(written)}: unexpected ${quote(this.#rest())} after the closing ${mark}`,
      );
    }
    return text;
  }

  #words(): string {
    const words = [this.#word()];
    for (;;) {
      this.#take(BETWEEN);
      if (this.#atEnd || this.#ahead(KEY) || this.#ahead(/["'{}=]/y)) return words.join(" ");
      words.push(this.#word());
    }
  }

  #word(): string {
    return this.#take(WORD)![1]!;
  }

  /** Matches at the current position and moves behind the match. Sticky expressions only. */
  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#index;
    const match = expression.exec(this.#config.text);
    if (match === null) return undefined;
    const feed = match[0].lastIndexOf("\n");
    if (feed >= 0) {
      this.#line += match[0].split("\n").length - 1;
      this.#lineStart = this.#index + feed + 1;
    }
    this.#index = expression.lastIndex;
    return match;
  }

  /** Whether the expression matches next. Sticky expressions only. */
  #ahead(expression: RegExp): boolean {
    expression.lastIndex = this.#index;
    return expression.test(this.#config.text);
  }

  /** The rest of the line; the position stays unchanged. */
  #rest(): string {
    REST.lastIndex = this.#index;
    return REST.exec(this.#config.text)![0].trim();
  }

  get #atEnd(): boolean {
    return this.#index >= this.#config.text.length;
  }

  get #place(): string {
    const column = Array.from(this.#config.text.slice(this.#lineStart, this.#index)).length + 1;
    return `${escapeControl(this.#config.file)}:${this.#line}:${column}`;
  }

  #error(reason: string): ConfigFileError {
    return new ConfigFileError(`${this.#place}: ${reason}`);
  }
}

/** What to write instead of a line that other programs' files have; undefined if that is unknown. */
function otherForm(written: string, { isKey }: KeyRules): string | undefined {
  if (/^\[[^\]]*\]$/.test(written)) return "sections are not supported; remove the line";
  if (written.startsWith("//")) return "a comment starts with #";
  const [, key = "", value = ""] = /^([^\s:]+)(?:\s*:\s*|\s+)([^{]*)$/.exec(written) ?? [];
  if (!isKey(key)) return undefined;
  return `write ${key} = ${escapeControl(value) || "VALUE"}`;
}

const BLANK = /(?:\s|#[^\n]*)*/y;
const BETWEEN = /(?:[\s,;]|#[^\n]*)*/y;
/** A key, and everything before its value on the same line. */
const KEY = /([^\s={}"'#,;]+)\s*=[^\S\n]*/y;
/** Separators may follow any bare word; inside a longer word they are part of it: `pkcs11:token=a;object=b`. */
const WORD = /([A-Za-z0-9.,]*(?=[#;])|[^\s{}]*?(?=[,;]*(?:[\s{}]|$)))/y;
const QUOTED: Readonly<Record<string, RegExp>> = { '"': /([^"\n]*)"/y, "'": /([^'\n]*)'/y };
const REST = /[^\n]*/y;
