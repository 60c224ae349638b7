/**
 * The packed npm package, `STUD_NPM_TARBALL`, installed in an empty folder, and programs run there with the
 * Node that `STUD_NODE` names, else the one on the PATH. It is installed once for all tests of a file, by the
 * real npm.
 */

/** Declares a test of the package. Without a tarball it is skipped, and where CI forbids skips, it is not there. */
export function testPackage(
  name: string,
  run: (installed: InstalledPackage) => Promise<void>,
): void {
  const ignore = TARBALL === undefined;
  if (ignore && Deno.env.get("STUD_REQUIRE_TOOLS")) return; // CI runs these in a step of their own.
  if (ignore) console.log(`skipped for want of STUD_NPM_TARBALL: ${name}`);
  Deno.test({ name, ignore, fn: async () => await run(await installed()) });
}

/** A package of the tree, as npm recorded it. */
export interface Dependency {
  /** From the folder: `node_modules/NAME`. */
  readonly path: string;
  readonly hasInstallScript: boolean;
}

/** What a program printed, and its exit code. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The folder that it is installed in. */
export class InstalledPackage {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Where the package itself is. */
  get path(): string {
    return `${this.folder}/node_modules/${PACKAGE}`;
  }

  /** A running program: `node`, `npm` or `npx` with arguments, in the folder. */
  spawn(program: string, args: readonly string[]): Deno.ChildProcess {
    return new Deno.Command(program, {
      args: [...args],
      cwd: this.folder,
      env: { PATH: `${this.folder}/bin:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs a program to its end. */
  async run(program: string, args: readonly string[]): Promise<Outcome> {
    const { code, stdout, stderr } = await this.spawn(program, args).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** Runs a program that must succeed and returns what it printed on its standard output. */
  async succeed(program: string, args: readonly string[]): Promise<string> {
    const outcome = await this.run(program, args);
    if (outcome.code === 0) return outcome.stdout;
    const { code, stdout, stderr } = outcome;
    throw new Error(`${program} ${args.join(" ")}: status ${code}\n${stdout}\n${stderr}`);
  }

  /** Runs JavaScript, in a file of that name, with Node. */
  async runScript(name: string, text: string): Promise<Outcome> {
    await this.write(name, text);
    return await this.run("node", [name]);
  }

  /** Writes a file of the folder. */
  async write(path: string, text: string): Promise<void> {
    const url = new URL(path, `file://${this.folder}/`);
    await Deno.mkdir(new URL("./", url), { recursive: true });
    await Deno.writeTextFile(url, text);
  }

  /** Everything that npm has installed for the package, itself included. */
  async dependencies(): Promise<Dependency[]> {
    const record = await Deno.readTextFile(`${this.folder}/node_modules/.package-lock.json`);
    const packages: Record<string, Partial<Dependency>> = JSON.parse(record).packages;
    return Object.entries(packages).map(([path, { hasInstallScript = false }]) => ({
      path,
      hasInstallScript,
    }));
  }
}

/** Every file below a folder, by its path from there. */
export async function* filesBelow(folder: string, from = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${from}`)) {
    if (isDirectory) yield* filesBelow(folder, `${from}${name}/`);
    else yield `${from}${name}`;
  }
}

/** A folder of the test's own, with other packages beside stud. */
export async function installBeside(...packages: readonly string[]): Promise<InstalledPackage> {
  const folder = await Deno.makeTempDir({ prefix: "stud-npm-" });
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await Deno.mkdir(`${folder}/bin`);
  const node = Deno.env.get("STUD_NODE");
  if (node) await Deno.symlink(await Deno.realPath(node), `${folder}/bin/node`);
  const made = new InstalledPackage(folder);
  const tarball = await Deno.realPath(TARBALL!);
  await made.write("package.json", '{ "name": "consumer", "private": true }\n');
  await made.succeed("npm", ["install", "--no-audit", "--no-fund", tarball, ...packages]);
  return made;
}

let first: Promise<InstalledPackage> | undefined;

function installed(): Promise<InstalledPackage> {
  return first ??= installBeside();
}

const TARBALL = Deno.env.get("STUD_NPM_TARBALL") || undefined;

const PACKAGE = "@stud/stud";
