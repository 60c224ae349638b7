/**
 * Compiles modules for Deno to modules for Node: JavaScript, source maps that contain the TypeScript, and declarations.
 * Each module is compiled by itself, without type information. If a declaration cannot be written that way, because an
 * export of the library lacks an explicit type, that is an error.
 *
 * The compiled modules import each other by `.js`, and libraries by their names on npm, from the import map.
 */

import ts from "typescript";

/** What to compile. */
export interface PackageOptions {
  /** Paths of modules that are run or imported by others. */
  readonly program: readonly string[];
  /** Path of the module whose exports are the library. */
  readonly library: string;
  /** Names of libraries: `npm:NAME@VERSION`, perhaps with a path. */
  readonly importMap: Readonly<Record<string, string>>;
  /** Names that the package's own `imports` will resolve; their modules must be in `program`. */
  readonly packageNames: readonly string[];
  /** Reads a module, given by its path from the project's root. */
  read(path: string): Promise<string>;
}

/** A package's modules. */
export interface PackageModules {
  /** Text by path. */
  readonly files: ReadonlyMap<string, string>;
  /** The versions of the libraries that the program or the declarations import, by name. */
  readonly dependencies: ReadonlyMap<string, string>;
}

/** Compiles the modules and everything they import. Throws an error that names the file and what is wrong. */
export async function compilePackage(options: PackageOptions): Promise<PackageModules> {
  const files = new Map<string, string>();
  const dependencies = new Map<string, string>();
  const follow = async (start: readonly string[], compile: Compile) => {
    const queue = new Set(start);
    for (const path of queue) {
      const { name, code, map } = compile(path, await options.read(path));
      const { rewritten, modules } = rewriteImports(path, code, options, dependencies);
      files.set(name, rewritten);
      if (map !== undefined) files.set(`${name}.map`, map);
      for (const module of modules) queue.add(module);
    }
  };
  await follow(options.program, toJavaScript);
  await follow([options.library], toDeclarations);
  return { files, dependencies };
}

/** A file of the package. */
interface CompiledFile {
  /** Its path. */
  readonly name: string;
  /** Its text, with the imports unchanged. */
  readonly code: string;
  readonly map?: string;
}

/** Compiles a module, given by its path and text. */
type Compile = (path: string, text: string) => CompiledFile;

function toJavaScript(path: string, text: string): CompiledFile {
  const result = ts.transpileModule(text, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: { ...COMPILER, sourceMap: true, inlineSources: true },
  });
  report(path, result);
  return { name: renamed(path, ".js"), code: result.outputText, map: result.sourceMapText! };
}

function toDeclarations(path: string, text: string): CompiledFile {
  const result = ts.transpileDeclaration(text, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: {
      ...COMPILER,
      declaration: true,
      isolatedDeclarations: true,
      stripInternal: true,
    },
  });
  report(path, result);
  return { name: renamed(path, ".d.ts"), code: result.outputText };
}

function report(path: string, { diagnostics = [] }: ts.TranspileOutput): void {
  const [first] = diagnostics;
  if (first === undefined) return;
  const line = first.file?.getLineAndCharacterOfPosition(first.start ?? 0).line ?? 0;
  throw new Error(
    `${path}:${line + 1}: ${ts.flattenDiagnosticMessageText(first.messageText, "\n")}`,
  );
}

/** The text with the package's names for its imports, and the paths of our own modules among them. */
function rewriteImports(
  path: string,
  text: string,
  options: PackageOptions,
  dependencies: Map<string, string>,
): { rewritten: string; modules: string[] } {
  const modules: string[] = [];
  let rewritten = text;
  const { importedFiles } = ts.preProcessFile(text, true, true);
  // From the end, so that earlier positions stay valid.
  for (const { fileName: name, pos, end } of importedFiles.toReversed()) {
    let replacement = name;
    if (name.startsWith(".")) {
      if (!name.endsWith(".ts")) throw new Error(`${path}: ${name} is no module for the package`);
      modules.push(new URL(name, `file:///${path}`).pathname.slice(1));
      replacement = renamed(name, ".js");
    } else if (!name.startsWith("node:") && !options.packageNames.includes(name)) {
      const library = NPM_NAME.exec(options.importMap[name] ?? "")?.groups;
      if (library === undefined) throw new Error(`${path}: ${name} is not from npm`);
      dependencies.set(library.name!, library.version!);
      replacement = `${library.name}${library.path ?? ""}`;
    }
    const quoted = text.slice(pos, end + QUOTES).replace(name, () => replacement);
    rewritten = rewritten.slice(0, pos) + quoted + rewritten.slice(end + QUOTES);
  }
  return { rewritten, modules };
}

function renamed(path: string, extension: string): string {
  return path.replace(/\.ts$/, extension);
}

/** The reported positions start before the opening quote, and the end does not count the quotes. */
const QUOTES = 2;

const COMPILER: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  allowImportingTsExtensions: true,
};

/** https://docs.deno.com/runtime/fundamentals/node/#using-npm-packages */
const NPM_NAME = /^npm:\/?(?<name>(?:@[^/]+\/)?[^/@]+)@(?<version>[^/]+)(?<path>\/.+)?$/;
