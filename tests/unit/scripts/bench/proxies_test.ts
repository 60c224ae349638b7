/** Which of the proxies are there to be measured, and the Node that two of them share. */

import { assertEquals, assertMatch } from "@std/assert";
import { type Commands, installedProxies, nodeOf } from "../../../../scripts/bench/proxies.ts";

/** No stud at all, and this Deno in Node's place: what counts is that it tells a version. */
const NONE: Commands = { stud: ["/nonexistent"], studNode: [], node: Deno.execPath() };

function installed(commands: Partial<Commands>) {
  return new Map(installedProxies({ ...NONE, ...commands }).map((proxy) => [proxy.id, proxy]));
}

Deno.test("nodeOf() is the program that a command begins with, if that is Node", () => {
  for (
    const node of ["node", "nodejs", "node22", "/usr/bin/node", "/usr/local/bin/node-24.1"]
  ) {
    assertEquals(nodeOf([node, "bin/stud.js"]), node);
  }
  for (const other of [["stud"], ["/srv/node/bin/stud"], ["mynode"], ["env", "node"], []]) {
    assertEquals(nodeOf(other), undefined);
  }
});

Deno.test("installedProxies() has no stud on Node without a command, or when its -V fails", () => {
  assertEquals(installed({}).has("node"), false);
  assertEquals(installed({ studNode: ["/nonexistent/stud"] }).has("node"), false);
  assertEquals(installed({ studNode: ["false"] }).has("node"), false);
});

Deno.test("installedProxies() starts stud on Node with as many workers as asked for, by its command", () => {
  const proxy = installed({ studNode: [Deno.execPath()] }).get("node");
  assertEquals(proxy?.name, "stud (Node)");
  const command = proxy?.command({
    port: 1,
    backendPort: 2,
    certificate: "pem",
    directory: "/tmp",
    workers: 2,
  });
  assertEquals(command?.join(" "), `${Deno.execPath()} -q -n 2 -f 127.0.0.1,1 -b 127.0.0.1,2 pem`);
});

Deno.test("installedProxies() runs the bare program on the Node of the command, or on the given one", () => {
  assertMatch(installed({}).get("bare")?.version ?? "", /bare_node\.mjs on Node deno /);
  assertEquals(installed({ node: "/nonexistent/node" }).has("bare"), false);
  // The Node of the command counts even where the given one would do.
  assertEquals(installed({ studNode: ["/nonexistent/node", "stud.js"] }).has("bare"), false);
});
