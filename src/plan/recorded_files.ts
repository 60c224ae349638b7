/** Files that remember what was read from them, and their metadata at that time. */

import type { Files } from "../runtime/runtime.ts";

/** By path, as {@linkcode Files.stamp} returns them. */
export type Stamps = ReadonlyMap<string, string | undefined>;

/** Passes every call on to the platform's files. */
export class RecordedFiles implements Files {
  /** By path, the stamp from just before the first reading. */
  readonly stamps = new Map<string, string | undefined>();
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
  }

  async readText(path: string, limit?: number): Promise<string> {
    await this.#record(path);
    return await this.#files.readText(path, limit);
  }

  async readBytes(path: string, limit?: number): Promise<Uint8Array> {
    await this.#record(path);
    return await this.#files.readBytes(path, limit);
  }

  async list(directory: string): Promise<string[] | undefined> {
    await this.#record(directory);
    return await this.#files.list(directory);
  }

  mode(path: string): Promise<number | undefined> {
    return this.#files.mode(path);
  }

  isDirectory(path: string): Promise<boolean> {
    return this.#files.isDirectory(path);
  }

  replace(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    return this.#files.replace(path, bytes, mode);
  }

  stamp(path: string): Promise<string | undefined> {
    return this.#files.stamp(path);
  }

  async #record(path: string): Promise<void> {
    if (!this.stamps.has(path)) this.stamps.set(path, await this.#files.stamp(path));
  }
}
