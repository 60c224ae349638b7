/**
 * The last good content of the files beside the certificates: authorities, revocation lists, OCSP responses, the ticket
 * secret. If one is bad when stud reads its files again, it must not block renewed certificates, so stud keeps the
 * former content. At the start there is no former content, so a fault stops the start.
 */

import { StartupError } from "../errors.ts";

/** Content by its name, kept from one reading of all files to the next. */
export class HeldContent {
  /** Undefined at the start. */
  readonly #former: ReadonlyMap<string, unknown> | undefined;
  readonly #content = new Map<string, unknown>();
  readonly #lines = new Set<string>();

  /** `former`: the result of the last reading; undefined at the start. */
  constructor(former?: HeldContent) {
    this.#former = former === undefined ? undefined : former.#content;
  }

  /**
   * Returns what `work` reads, or what it read the last time if it rejects with {@linkcode StartupError}. `what` names
   * the content among all that is read, files included. Rejects as `work` does if there is no former content, or if
   * `isUsable` returns false.
   */
  async read<Content>(
    what: string,
    work: () => Promise<Content>,
    isUsable: (former: Content) => boolean = () => true,
  ): Promise<Content> {
    try {
      const content = await work();
      this.#content.set(what, content);
      return content;
    } catch (error) {
      if (!(error instanceof StartupError) || !this.#former?.has(what)) throw error;
      const former = this.#former.get(what) as Content;
      if (!isUsable(former)) throw error;
      this.#content.set(what, former);
      this.#lines.add(`bad file, keeping its previous content: ${error.message}`);
      return former;
    }
  }

  /** Whether there is no former content, because this is the start. */
  get isFirst(): boolean {
    return this.#former === undefined;
  }

  /** A line for each fault that made stud keep the former content. */
  get lines(): string[] {
    return [...this.#lines];
  }
}
