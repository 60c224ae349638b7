/**
 * stud for the end-to-end tests: the bundle that is also compiled into the executable, started by `deno run`. Its start
 * takes two thirds of the processor time that the separate modules need.
 */

import { type Bundle, bundle } from "../compile/bundle.ts";

/** Bundles stud and its worker's entry into a folder that every user may read. */
export async function bundleStud(root: URL, folder: string): Promise<Bundle> {
  const bundled = await bundle(new URL("mod.ts", root).pathname, folder, {
    others: [new URL(WORKER_ENTRY, root).pathname],
  });
  if (bundled.entry !== undefined) await nameWorkerEntry(folder);
  return bundled;
}

/** Makes the supervisor start the bundled worker, where its source names a module next to its own. */
async function nameWorkerEntry(folder: string): Promise<void> {
  const bundled = WORKER_ENTRY.replace(/\.ts$/, ".js");
  let named = 0;
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile) continue;
    const path = `${folder}/${name}`;
    const text = await Deno.readTextFile(path);
    const changed = text.replace(NAMED, () => {
      named++;
      return `new URL("./${bundled}", import.meta.url)`;
    });
    if (changed !== text) await Deno.writeTextFile(path, changed);
  }
  if (named !== 1) {
    throw new Error(`the entry of workers is named ${named} times in the bundle, not once`);
  }
}

const WORKER_ENTRY = "src/worker_entry.ts";
const NAMED = /new URL\("[./]*\/(?:\w+\/)*worker_entry\.ts", import\.meta\.url\)/g;
