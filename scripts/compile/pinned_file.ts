/**
 * Files with known content that are kept between builds. A file is returned only if it has the pinned hash, wherever it
 * came from. The caller provides the content.
 */

/** A file that can be made again at any time with the same content. */
export interface PinnedFile {
  readonly path: string;
  /** Of the whole content, lower-case hexadecimal. */
  readonly sha256: string;
  /** File mode bits, for example 0o755. */
  readonly mode: number;
  /** Makes the content when the file is missing or altered. */
  readonly make: () => Promise<Uint8Array>;
}

/**
 * Returns the path of a file with the pinned hash: the existing one, or else a new one. The new file replaces the old
 * one in one step, so that builds may run in parallel. If the new content differs from the hash, it throws and writes
 * nothing.
 */
export async function pinnedFile(file: PinnedFile): Promise<string> {
  const kept = await readIfThere(file.path);
  if (kept !== undefined && await sha256(kept) === file.sha256) return file.path;

  const made = await file.make();
  const hash = await sha256(made);
  if (hash !== file.sha256) {
    throw new Error(`${file.path}: content has sha256 ${hash}, but ${file.sha256} is pinned`);
  }
  const partial = `${file.path}.${crypto.randomUUID()}`;
  try {
    await Deno.writeFile(partial, made, { mode: file.mode });
    await Deno.rename(partial, file.path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
  return file.path;
}

/** The SHA-256 of the bytes in lower-case hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
