/**
 * A Deno and its base binary, for machines that reach an npm registry but not Deno's server for base binaries. The npm
 * registry contains no base binary by itself, but a program made by `deno compile`, which starts with one. A base
 * binary only works with its own Deno version, so both are needed. Everything is pinned by hash. Linux on x64 only.
 */

import { elfLength } from "./elf.ts";
import { packageFile } from "./npm_package.ts";
import { pinnedFile } from "./pinned_file.ts";

/** Paths of the two executables. */
export interface OfflineToolchain {
  /** The compiler. */
  readonly deno: string;
  /** The base binary, for the environment variable `DENORT_BIN`. */
  readonly denort: string;
}

/** The version of both. */
export const OFFLINE_VERSION = "2.4.2";

/**
 * Returns the pair, from the given folder if it is there, otherwise from npm (about 230 MB). Throws if there is none
 * for this platform.
 */
export async function offlineToolchain(folder: string): Promise<OfflineToolchain> {
  const { os, arch } = Deno.build;
  if (os !== "linux" || arch !== "x86_64") {
    throw new Error(`there is no base binary from npm for ${os} ${arch}, only for linux x86_64`);
  }
  await Deno.mkdir(folder, { recursive: true });
  const [deno, denort] = await Promise.all([
    pinnedFile({
      path: `${folder}/deno-${OFFLINE_VERSION}`,
      sha256: "1d6580e813252f6b27a41d97d2e3725a408baa2e765a86e45f65b228d3e93ad6",
      mode: 0o755,
      make: () =>
        packageFile({ package: `@deno/linux-x64-glibc@${OFFLINE_VERSION}`, path: "package/deno" }),
    }),
    pinnedFile({
      path: `${folder}/denort-${OFFLINE_VERSION}`,
      sha256: "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82",
      mode: 0o755,
      make: async () => {
        const program = await packageFile(COMPILED_PROGRAM);
        return program.subarray(0, elfLength(program));
      },
    }),
  ]);
  return { deno, denort };
}

/** vlt, the package manager: compiled with Deno 2.4.2, so it starts with that version's base binary. */
const COMPILED_PROGRAM = { package: "@vltpkg/cli-linux-x64@0.0.0-18", path: "package/vlt" };
