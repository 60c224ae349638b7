/** The servers of the recipes: each runs by the recipe's own files, until the recipe ends. */

import { eventually } from "./eventually.ts";
import type { Recipe } from "./recipe.ts";
import { ToolProcess } from "./tool_process.ts";
import { toolPath } from "./tools.ts";
import { listens } from "./web_servers.ts";

/** Starts a server and waits until it listens. */
export async function serve(
  recipe: Recipe,
  name: string,
  args: readonly string[],
  port: number,
): Promise<ToolProcess> {
  const server = recipe.use(new ToolProcess(name, args));
  await eventually(
    `${name} listens`,
    () => {
      if (server.status !== undefined) throw new Error(server.report());
      return listens(port);
    },
    15_000,
    () => server.report(),
  );
  return server;
}

/** nginx, whose main configuration is short and takes in this file. */
export function serveNginx(recipe: Recipe, file: string, port: number): Promise<ToolProcess> {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${recipe.folder}/${name};`);
  const main = recipe.write(
    "/nginx.conf",
    `daemon off; master_process off; pid ${recipe.folder}/pid; error_log stderr warn;
    events { worker_connections 64; }
    http { access_log off; ${temporary.join(" ")} include ${file}; }`,
  );
  return serve(recipe, "nginx", ["-p", recipe.folder, "-e", "stderr", "-c", main], port);
}

/** HAProxy with this configuration file. */
export function serveHaproxy(recipe: Recipe, file: string, port: number): Promise<ToolProcess> {
  return serve(recipe, "haproxy", ["-db", "-f", file], port);
}

/** Whether a program, which tells its version by `-v`, is this version or a newer one. */
export function isAtLeast(name: string, version: string): boolean {
  const path = toolPath(name);
  if (path === undefined) return false;
  const { stdout, stderr } = new Deno.Command(path, { args: ["-v"] }).outputSync();
  const decoder = new TextDecoder();
  const [found] = /\d+(?:\.\d+)+/.exec(decoder.decode(stdout) + decoder.decode(stderr)) ?? ["0"];
  const [has, wants] = [found, version].map((text) => text.split(".").map(Number));
  const at = wants!.findIndex((part, index) => part !== (has![index] ?? 0));
  return at < 0 || (has![at] ?? 0) > wants![at]!;
}
