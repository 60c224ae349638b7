/**
 * Studs in namespaces of their own (namespaces(7)), where a test may set what belongs to a whole machine. Needs
 * root, `unshare` and `ip`; programs beside such a stud are started with `nsenter`.
 */

import type { Stud } from "./stud.ts";
import { runTool } from "./tool_process.ts";

/** What tests with such a stud need. */
export const NAMESPACES = {
  ...{ linux: true, root: true },
  tools: ["unshare", "nsenter", "ip"],
  missing: mayUnshare() ? undefined : "the right to make namespaces",
} as const;

/** A command that runs stud with a network of its own: loopback alone, with these values below /proc/sys/net. */
export function ownNetwork(sysctls: Readonly<Record<string, string>>): string[] {
  const settings = Object.entries(sysctls).map(([name, value]) =>
    `echo ${value} > /proc/sys/net/${name} && `
  );
  const script = `ip link set lo up && ${settings.join("")}exec "$@"`;
  return ["unshare", "--net", "sh", "-c", script, "sh"];
}

/** Runs a program in the network of a stud and returns what it printed, on both streams. */
export async function besideStud(stud: Stud, command: readonly string[]): Promise<string> {
  const { stdout, stderr } = await runTool("nsenter", [
    ...["--net", "--target", String(stud.pid), ...command],
  ]);
  return stdout + stderr;
}

/** Root in a container may lack it. */
function mayUnshare(): boolean {
  try {
    const args = ["--net", "--mount", "true"];
    const { success } = new Deno.Command("unshare", { args, stderr: "null" }).outputSync();
    return success;
  } catch {
    return false;
  }
}

/** An /etc/hosts of one's own, and no name server. Use it with `using`. */
export class OwnHosts implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "stud-test-" });

  constructor(text: string) {
    this.write(text);
    Deno.writeTextFileSync(`${this.#folder}/nsswitch.conf`, "hosts: files\n");
  }

  /** The command that runs stud with it. */
  get prefix(): string[] {
    const mount = (name: string) => `mount --bind ${this.#folder}/${name} /etc/${name}`;
    const script =
      `${mount("hosts")} && { [ ! -e /etc/nsswitch.conf ] || ${mount("nsswitch.conf")}; } && ` +
      'exec "$@"';
    return ["unshare", "--mount", "sh", "-c", script, "sh"];
  }

  /** Has it say something else from now on. */
  write(text: string): void {
    // In one piece, over what is there: the file is mounted, and stud may be reading it.
    const bytes = new TextEncoder().encode(text.padEnd(512, "\n"));
    using file = Deno.openSync(`${this.#folder}/hosts`, { write: true, create: true });
    file.writeSync(bytes);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}
