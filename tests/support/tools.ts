/**
 * Programs that tests drive and that may not be installed: a test that lacks one says so and counts as
 * skipped, except where `STUD_REQUIRE_TOOLS` is set, as in CI: there it fails.
 */

import { faketimeLibrary } from "./shifted_clock.ts";
import { TLS_LIBRARY } from "./stud.ts";

/** Whether a program is on the PATH (or in /usr/sbin, where daemons live). */
export function hasTool(name: string): boolean {
  return toolPath(name) !== undefined;
}

/** The full path of a program, or undefined. */
export function toolPath(name: string): string | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => `${folder}/${name}`).find(isFile);
}

/** What a test cannot do without. */
export interface Needs {
  /** Programs. */
  readonly tools?: readonly string[];
  readonly root?: boolean;
  readonly linux?: boolean;
  /** The address ::1. */
  readonly ipv6?: boolean;
  /** What else the test has found missing, in words. */
  readonly missing?: string;
  /** The library that shifts a program's clock. */
  readonly faketime?: boolean;
  /** A library loads or keeps something for as long as the process lives, which the test does not leak. */
  readonly keepsResources?: boolean;
  /** What stud on Node rightly has not: where that is tested, the test is not declared at all. */
  readonly notOnNode?: boolean;
}

/**
 * Declares a test that has needs. Without them it is skipped with a line that names what is missing. Whether it will
 * run.
 */
export function testWith(
  needs: Needs,
  name: string,
  run: () => Promise<void>,
): boolean {
  if (needs.notOnNode && TLS_LIBRARY === "node") return false;
  const missing = [
    ...(needs.tools ?? []).filter((tool) => !hasTool(tool)),
    ...(needs.root && Deno.uid() !== 0 ? ["root"] : []),
    ...(needs.linux && Deno.build.os !== "linux" ? ["Linux"] : []),
    ...(needs.ipv6 && !hasIpv6() ? ["IPv6"] : []),
    ...(needs.missing === undefined ? [] : [needs.missing]),
    ...(needs.faketime && faketimeLibrary() === undefined ? ["libfaketime"] : []),
  ];
  const ignore = missing.length > 0 && !Deno.env.get("STUD_REQUIRE_TOOLS");
  if (ignore) console.log(`skipped for want of ${missing.join(", ")}: ${name}`);
  Deno.test({
    name,
    ignore,
    ...isShared && { sanitizeOps: false },
    ...needs.keepsResources && { sanitizeResources: false, sanitizeOps: false },
    fn: async () => {
      if (missing.length > 0) throw new Error(`this test needs ${missing.join(", ")}`);
      await run();
    },
  });
  return missing.length === 0;
}

/**
 * From now on something goes on from test to test of this file (shared.ts), so that operations end in other tests than
 * they began in: only resources are checked for leaks.
 */
export function startSharing(): void {
  isShared = true;
}

let isShared = false;

/** Whether this machine has an IPv6 loopback address. */
export function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
