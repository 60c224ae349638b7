/** Files that are kept, checked and made again. */

import { assertEquals, assertRejects } from "@std/assert";
import { pinnedFile, sha256 } from "../../../../scripts/compile/pinned_file.ts";

const CONTENT = new TextEncoder().encode("abc");
const PINNED = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/** Runs the test with a new folder, and with something that makes the file and counts how often. */
async function withFile(
  test: (path: string, maker: { made: number; make: () => Promise<Uint8Array> }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const maker = {
      made: 0,
      make: () => {
        maker.made += 1;
        return Promise.resolve(CONTENT);
      },
    };
    await test(`${folder}/kept`, maker);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("sha256() is lower-case hexadecimal", async () => {
  assertEquals(await sha256(CONTENT), PINNED);
});

Deno.test("pinnedFile() makes a missing file once", async () => {
  await withFile(async (path, maker) => {
    for (let time = 0; time < 2; time += 1) {
      const given = await pinnedFile({ path, sha256: PINNED, mode: 0o700, make: maker.make });
      assertEquals(given, path);
    }
    assertEquals(maker.made, 1);
    assertEquals(await Deno.readTextFile(path), "abc");
    if (Deno.build.os !== "windows") assertEquals((await Deno.stat(path)).mode! & 0o777, 0o700);
  });
});

Deno.test("pinnedFile() replaces an altered file", async () => {
  await withFile(async (path, maker) => {
    await Deno.writeTextFile(path, "abd");
    await pinnedFile({ path, sha256: PINNED, mode: 0o600, make: maker.make });
    assertEquals(maker.made, 1);
    assertEquals(await Deno.readTextFile(path), "abc");
  });
});

Deno.test("pinnedFile() refuses content with another hash and leaves nothing behind", async () => {
  await withFile(async (path, maker) => {
    const file = { path, sha256: "00", mode: 0o600, make: maker.make };
    await assertRejects(() => pinnedFile(file), Error, `sha256 ${PINNED}, but 00 is pinned`);
    assertEquals([...Deno.readDirSync(path.replace(/kept$/, ""))], []);
  });
});
