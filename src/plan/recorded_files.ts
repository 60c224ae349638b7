/** Files that remember what was read from them, and their metadata at that time. */

import type { Files, FileStatus, ReadFile } from "../runtime/runtime.ts";

/** By path, as {@linkcode Files.stamp} returns them. */
export type Stamps = ReadonlyMap<string, string | undefined>;

/** Passes every call on to the platform's files. */
export class RecordedFiles implements Files {
  /** By path, the stamp from just before the first reading. */
  readonly stamps = new Map<string, string | undefined>();
  readonly #modes = new Map<string, number | undefined>();
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
  }

  async readText(path: string, limit?: number): Promise<string> {
    return await this.#files.readText(path, limit, await this.#record(path));
  }

  readBeginning(path: string, isEnough: (beginning: string) => boolean): Promise<string> {
    return this.#files.readBeginning(path, isEnough);
  }

  async readBytes(path: string, limit?: number): Promise<Uint8Array> {
    return await this.#files.readBytes(path, limit, await this.#record(path));
  }

  readNow(path: string, into: Uint8Array<ArrayBuffer>): ReadFile | undefined {
    const read = this.#files.readNow?.(path, into);
    if (read !== undefined && !this.stamps.has(path)) this.#keep(path, read.status);
    return read;
  }

  async list(directory: string): Promise<string[] | undefined> {
    await this.#record(directory);
    return await this.#files.list(directory);
  }

  status(path: string): Promise<FileStatus | undefined> {
    return this.#files.status(path);
  }

  /** Of a file that was read, from just before. */
  mode(path: string): Promise<number | undefined> {
    return this.#modes.has(path) ? Promise.resolve(this.#modes.get(path)) : this.#files.mode(path);
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

  /** What is known now about a path that has not been read yet. */
  async #record(path: string): Promise<FileStatus | undefined> {
    if (this.stamps.has(path)) return undefined;
    const status = await this.#files.status(path);
    this.#keep(path, status);
    return status;
  }

  #keep(path: string, status: FileStatus | undefined): void {
    this.stamps.set(path, status?.stamp);
    if (status !== undefined) this.#modes.set(path, status.mode);
  }
}
