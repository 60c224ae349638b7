/**
 * A recipe of docs/recipes.md, run as it is written there: its files go into a folder of the test, its commands
 * run in a shell. What differs is said by the test, as pairs of texts: ports, and names that this machine cannot
 * look up. Absolute paths lead into the folder; curl finds the servers by its own configuration file.
 */

import { assertEquals } from "./assert.ts";
import { Authority } from "./authority.ts";
import { Stud, type StudEnvironment } from "./stud.ts";
import { runTool, type ToolProcess } from "./tool_process.ts";

const PAGE = new URL("../../docs/recipes.md", import.meta.url);

/** A fenced block of the page. */
export interface RecipeBlock {
  readonly language: string;
  readonly text: string;
  /** The path that the paragraph before it names at its end, followed by a colon. */
  readonly path: string | undefined;
}

/** The fenced blocks under each heading of the page, in their order. */
export function recipeBlocks(): ReadonlyMap<string, readonly RecipeBlock[]> {
  const sections = Deno.readTextFileSync(PAGE).split(/^## /m).slice(1);
  return new Map(sections.map((section) => {
    const [heading = "", ...lines] = section.split("\n");
    const fences = lines.join("\n").matchAll(/([^\n]*)\n\n```(\w*)\n(.*?\n)```$/gms);
    const blocks = Array.from(fences, ([, before, language, text]) => ({
      language: language!,
      text: text!,
      path: /`(\/[^`]+)`[^`]*:$/.exec(before!)?.[1],
    }));
    return [heading, blocks];
  }));
}

/** A recipe that is being followed. Use it with `await using`: what it has started ends with it. */
export class Recipe implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
  readonly #blocks: readonly RecipeBlock[];
  readonly #used = new Set<RecipeBlock>();
  readonly #ending = new AsyncDisposableStack();
  readonly #differences: (readonly [documented: string, here: string])[] = [];
  readonly #curl: string[];

  private constructor(blocks: readonly RecipeBlock[]) {
    this.#blocks = blocks;
    this.#curl = ["noproxy = *", `cacert = ${this.path("/authority.pem")}`];
    this.#ending.defer(() => Deno.removeSync(this.folder, { recursive: true }));
  }

  /** The recipe under this heading, with a certificate for example.org that its programs trust. */
  static async open(heading: string): Promise<Recipe> {
    const blocks = recipeBlocks().get(heading);
    if (blocks === undefined) throw new Error(`docs/recipes.md has no recipe "${heading}"`);
    const recipe = new Recipe(blocks);
    const authority = await Authority.make();
    const { pem } = await authority.issue({ names: ["example.org", "localhost"] });
    recipe.write("/etc/stud/example.pem", pem);
    recipe.write("/authority.pem", authority.certificate);
    return recipe;
  }

  /** From now on this text stands for the documented one, in files and commands. */
  replace(documented: string, here: string | number): void {
    this.#differences.push([documented, String(here)]);
  }

  /** From now on curl finds a host and port of the recipe at this port of 127.0.0.1. */
  route(hostAndPort: string, port: number): void {
    this.curlOption(`connect-to = "${hostAndPort}:127.0.0.1:${port}"`);
  }

  /** A further line of curl's configuration file. */
  curlOption(line: string): void {
    this.#curl.push(line);
    this.write("/.curlrc", this.#curl.join("\n"));
  }

  /** Where an absolute path of the recipe is here. */
  path(documented: string): string {
    return `${this.folder}${documented}`;
  }

  /** Writes a file, for its owner alone, and returns where it is. */
  write(documented: string, content: string): string {
    const path = this.path(documented);
    Deno.mkdirSync(path.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(path, content, { mode: 0o600 });
    return path;
  }

  /** Writes the recipe's files of this path, one after the other, and returns where they are. */
  file(documented: string, before = ""): string {
    const blocks = this.#blocks.filter(({ path }) => path === documented);
    if (blocks.length === 0) throw new Error(`the recipe has no file ${documented}`);
    return this.write(documented, before + blocks.map((block) => this.#here(block)).join(""));
  }

  /** The block that begins with this text, with what differs here. */
  text(beginning: string): string {
    const block = this.#blocks.find(({ text }) => text.startsWith(beginning));
    if (block === undefined) throw new Error(`the recipe has no block that begins ${beginning}`);
    return this.#here(block);
  }

  /** Blocks that the test has not come to: how each begins. */
  get unused(): string[] {
    const unused = this.#blocks.filter((block) => !this.#used.has(block));
    return unused.map(({ text, path }) => path ?? text.split("\n")[0]!);
  }

  /** Starts stud by the block that begins so, and waits until it serves. */
  async stud(beginning = "stud "): Promise<Stud> {
    const [, ...args] = await this.words(this.text(beginning));
    return this.studWith(args);
  }

  /** Starts stud with these arguments, and waits until it serves. */
  async studWith(args: readonly string[], how: StudEnvironment = {}): Promise<Stud> {
    const trust = { SSL_CERT_FILE: this.path("/authority.pem") };
    return this.use(await Stud.start([...args], trust, how));
  }

  /** Runs each command of the block that begins so; what stands behind `  # ` is what it has to print. */
  async run(beginning: string): Promise<void> {
    for (const line of this.text(beginning).replaceAll("\\\n", "").trim().split("\n")) {
      const [command = "", expected] = line.split(/\s+ # /);
      const ran = await this.shell(command);
      if (ran.status?.code !== 0) throw new Error(ran.report());
      if (expected !== undefined) assertEquals(ran.stdout.trim(), expected, ran.report());
    }
  }

  /** Runs text in a shell, in an environment in which the recipe's certificate is trusted. */
  shell(text: string): Promise<ToolProcess> {
    return runTool("env", [
      ...[`SSL_CERT_FILE=${this.path("/authority.pem")}`, `CURL_HOME=${this.folder}`],
      ...["sh", "-euc", text],
    ]);
  }

  /** The words of a command, as the shell reads them. */
  async words(command: string): Promise<string[]> {
    const { stdout } = await runTool("sh", ["-euc", `printf '%s\\0' ${command}`]);
    return stdout.split("\0").slice(0, -1);
  }

  /** Has something end with the recipe. */
  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    return this.#ending.use(resource);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending.disposeAsync();
  }

  #here(block: RecipeBlock): string {
    this.#used.add(block);
    const moved = block.text.replaceAll(/(?<=[\s=])\/(?=(?:etc|tmp|var)\/)/g, `${this.folder}/`);
    return this.#differences.reduce(
      (text, [documented, here]) => text.replaceAll(documented, here),
      moved,
    );
  }
}
