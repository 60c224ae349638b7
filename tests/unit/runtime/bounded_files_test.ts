/** What has no end is an error at once, under this runtime. */

import { StartupError } from "../../../src/errors.ts";
import { readUpTo } from "../../../src/runtime/bounded_files.ts";
import { createRuntime } from "../../../src/runtime/deno/runtime.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { testWith } from "../../support/tools.ts";

const { files } = createRuntime({ workerArguments: [] });

Deno.test("readUpTo() reads up to the limit, in whatever pieces, and no further", async () => {
  for (const piece of [1, 7, 1_000]) {
    let left = 100;
    const read = (into: Uint8Array) => {
      const length = Math.min(piece, left, into.length);
      into.fill(7, 0, length);
      left -= length;
      return Promise.resolve(length === 0 ? null : length);
    };
    assertEquals([...await readUpTo(100, read)], Array(100).fill(7));
    left = 101;
    await assertRejects(() => readUpTo(100, read), Error, "is larger than 100 bytes, or endless");
  }
});

testWith({ linux: true }, "readBeginning() reads no further than is enough", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    const path = `${folder}/file`;
    await Deno.writeTextFile(path, "ü".repeat(100_000));
    const lengths: number[] = [];
    const beginning = await files.readBeginning(path, (text) => {
      lengths.push(text.length);
      return text.length > 10_000;
    });
    assertEquals(beginning.length, lengths.at(-1));
    assert(beginning.length < 50_000 && lengths.length > 1, lengths.join(" "));
    assertEquals((await files.readBeginning(path, () => false)).length, 100_000);
    const message = `${folder}/none: no such file`;
    await assertRejects(() => files.readBeginning(`${folder}/none`, () => true), Error, message);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testWith(
  { linux: true, tools: ["mkfifo"] },
  "devices, pipes and directories are refused, and files read whole",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
    try {
      const path = `${folder}/file`;
      const text = "ü".repeat(100_000);
      await Deno.writeTextFile(path, text);
      assertEquals(await files.readText(path), text);
      assertEquals((await files.readBytes(path)).length, 200_000);
      assertEquals((await files.readText("/proc/self/status")).startsWith("Name:"), true);
      assertEquals(await files.readText("/dev/null"), "");
      await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
      const space = new Uint8Array(200_001);
      const { bytes, status } = files.readNow!(path, space)!;
      assertEquals([new TextDecoder().decode(bytes), bytes.buffer], [text, space.buffer]);
      assertEquals(status.stamp, await files.stamp(path));
      assertEquals(files.readNow!(path, space.subarray(1)), undefined);
      for (const other of ["/proc/self/status", "/dev/zero", `${folder}/pipe`, folder, "/none"]) {
        assertEquals(files.readNow!(other, space), undefined);
      }
      const refused = async (path: string, limit?: number) =>
        (await assertRejects(() => files.readBytes(path, limit), StartupError)).message.replace(
          folder,
          "",
        );
      assertEquals(
        await refused(path, 1_000),
        "/file: is larger than 1000 bytes, or endless; give a file",
      );
      assertEquals(
        await refused("/dev/zero"),
        "/dev/zero: is larger than 1 MiB, or endless; give a file",
      );
      assertEquals(await refused(`${folder}/pipe`), "/pipe: is a named pipe, not a file");
      assertEquals(await refused(folder), ": is a directory, not a file");
      assertEquals(await refused(`${folder}/none`), "/none: no such file");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
