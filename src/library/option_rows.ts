/**
 * The library's options, each with its option of the command line and the shape of its values, all derived from the
 * table of the command line's options.
 */

import type { LibraryName, Option, OptionName } from "../config/options.ts";
import { FRONTEND_BLOCK_OPTIONS, OPTIONS, PREFACE_FLAGS } from "../config/options.ts";
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
  /** Its option on the command line; undefined: no single option corresponds to it. */
  readonly option?: OptionName;
  /** Joins several values into one text of the command line. */
  readonly separator?: string;
}

/** The names of options in the library, including those without a single option on the command line. */
type OptionNames = LibraryName | keyof typeof LIBRARY_ONLY;

const LIBRARY_ONLY = {
  pem: { shape: "pem" },
  preface: { shape: "preface" },
  onConnection: { shape: "callback" },
} as const satisfies Partial<Record<keyof TerminateOptions, OptionRow>>;

/** Separators of the command line's lists. */
const SEPARATORS: Partial<Record<Option["type"]["kind"], string>> = {
  "tls-protocols": " ",
  "alpn-protocols": ",",
};

/** By the library's names, in the order in which values are checked: that of the table. */
export const OPTION_ROWS: Readonly<Record<keyof TerminateOptions, OptionRow>> = {
  ...Object.fromEntries(OPTIONS.flatMap((option) => rowOf(option))) as Record<
    LibraryName,
    OptionRow
  >,
  ...LIBRARY_ONLY,
};

/** The compiler refuses this line, and shows the name, if an option has a type but no row, or a row but no type. */
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
    case "share":
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
    case "status":
      return "address";
    case "choice":
    case "ciphers":
    case "text":
      return "text";
  }
}

/** The limits that a frontend may set for itself, by the command line's names. */
export const LIMITS: readonly (readonly [OptionName, keyof ConnectionLimits])[] =
  FRONTEND_BLOCK_OPTIONS.flatMap(({ name, sets }) =>
    sets?.[0] === "limits" ? [[name, sets[1]]] : []
  );

/** The prefaces, each with its flag on the command line. */
export const PREFACES = Object.fromEntries(
  (["none", ...PREFACE_FLAGS.map(({ preface }) => preface)] as const).map((kind) => [
    kind,
    PREFACE_FLAGS.find(({ preface }) => preface === kind)?.name,
  ]),
) as Readonly<Record<PrefaceKind, OptionName | undefined>>;
