/**
 * The library's options, each with the option of the command line that it stands for and the shape of its values, all
 * from the table of the command line's options.
 */

import type { LibraryName, Option, OptionName } from "../config/options.ts";
import { FRONTEND_BLOCK_OPTIONS, OPTIONS } from "../config/options.ts";
import type { ConnectionLimits, PrefaceKind } from "../config/settings.ts";
import type { TerminateOptions } from "./terminate_options.ts";

/** How values of an option look. */
export type Shape =
  | "address"
  | "callback"
  | "certificate-name"
  | "flag"
  | "frontends"
  | "names"
  | "number"
  | "path"
  | "paths"
  | "pem"
  | "preface"
  | "text"
  | "words";

/** One option. */
export interface OptionRow {
  readonly shape: Shape;
  /** What it is on the command line; undefined: nothing there stands for it alone. */
  readonly option?: OptionName;
  /** Puts several values into one text of the command line. */
  readonly separator?: string;
}

/** What options are called in the library, and what stands for no option of the command line alone. */
type OptionNames = LibraryName | keyof typeof LIBRARY_ONLY;

const LIBRARY_ONLY = {
  pem: { shape: "pem" },
  preface: { shape: "preface" },
  onConnection: { shape: "callback" },
} as const satisfies Partial<Record<keyof TerminateOptions, OptionRow>>;

/** Of the command line's lists. */
const SEPARATORS: Partial<Record<Option["type"]["kind"], string>> = {
  "tls-protocols": " ",
  "alpn-protocols": ",",
};

/** By the library's names, in the order that values are looked at in: that of the table. */
export const OPTION_ROWS: Readonly<Record<keyof TerminateOptions, OptionRow>> = {
  ...Object.fromEntries(OPTIONS.flatMap((option) => rowOf(option))) as Record<
    LibraryName,
    OptionRow
  >,
  ...LIBRARY_ONLY,
};

/** The compiler refuses this line, and shows the name, if an option has a type and no row, or a row and no type. */
const untyped: Exclude<OptionNames, keyof TerminateOptions> extends never ? undefined
  : Exclude<OptionNames, keyof TerminateOptions> = undefined;
void untyped;

function rowOf(option: Option<OptionName>): [string, OptionRow][] {
  const { library, name, type, repeatable, valueName = "" } = option;
  if (library === undefined) return [];
  const separator = SEPARATORS[type.kind];
  const isPath = type.kind === "text" && ["FILE", "DIR", "PEM"].includes(valueName);
  const shape = isPath ? repeatable ? "paths" : "path" : shapeOf(option);
  return [[library, { shape, option: name, ...separator && { separator } }]];
}

function shapeOf({ type, bare }: Option): Shape {
  switch (type.kind) {
    case "flag":
      return "flag";
    case "number":
    case "seconds":
      return "number";
    case "certificate-name":
      return bare === undefined ? "text" : "certificate-name";
    case "tls-protocols":
    case "alpn-protocols":
      return "words";
    case "client-name":
      return "names";
    case "frontend":
      return "frontends";
    case "backend":
      return "address";
    case "choice":
    case "ciphers":
    case "text":
      return "text";
  }
}

/** The limits that a frontend may have of its own, by the command line's names. */
export const LIMITS: readonly (readonly [OptionName, keyof ConnectionLimits])[] =
  FRONTEND_BLOCK_OPTIONS.flatMap(({ name, sets }) =>
    sets?.[0] === "limits" ? [[name, sets[1]]] : []
  );

/** The prefaces, and the flag of the command line for each. */
export const PREFACES: Readonly<Record<PrefaceKind, OptionName | undefined>> = {
  none: undefined,
  ip: "write-ip",
  "proxy-v1": "write-proxy",
  "proxy-v2": "write-proxy-v2",
  "proxy-proxy": "proxy-proxy",
};
