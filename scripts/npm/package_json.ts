/** The package.json of the npm package. Everything that deno.json contains is taken from there, to avoid duplicates. */

/** The part of deno.json that the package needs. */
export interface DenoJson {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly imports: Readonly<Record<string, string>>;
  /** The address of the source repository, which npm requires for a provenance statement. */
  readonly repository?: string;
}

/** The module that `#runtime` maps to on Node. */
export const NODE_RUNTIME = "src/runtime/node/runtime.ts";

/** The module that `#signals` maps to on Node. */
export const NODE_SIGNALS = "src/runtime/node/signals.ts";

/** The text of package.json. `dependencies` are exact versions by name. */
export function packageJson(denoJson: DenoJson, dependencies: ReadonlyMap<string, string>): string {
  const { name, version, license, repository } = denoJson;
  const ranges = [...dependencies].sort().map(([library, tested]) => [library, `^${tested}`]);
  const manifest = {
    name,
    version,
    description:
      "The Scalable TLS Unwrapping Daemon: takes TLS from clients, hands the plaintext on",
    keywords: ["tls", "ssl", "proxy", "termination", "terminator", "sni", "proxy-protocol"],
    license,
    ...(repository === undefined ? {} : {
      homepage: `${repository}#readme`,
      bugs: `${repository}/issues`,
      repository: { type: "git", url: `git+${repository}.git` },
    }),
    type: "module",
    bin: { stud: "bin/stud.js" },
    exports: {
      ".": { types: "./mod.d.ts", default: "./mod.js" },
      "./package.json": "./package.json",
    },
    imports: {
      "#runtime": `./${NODE_RUNTIME.replace(/\.ts$/, ".js")}`,
      "#signals": `./${NODE_SIGNALS.replace(/\.ts$/, ".js")}`,
    },
    files: ["bin/", "src/", "mod.js", "mod.js.map", "mod.d.ts", "CHANGELOG.md"],
    sideEffects: ["./bin/stud.js"],
    engines: { node: ">=20" },
    // As ranges, so that a program which also logs through LogTape shares it with stud.
    dependencies: Object.fromEntries(ranges),
    publishConfig: { access: "public", provenance: true },
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}
