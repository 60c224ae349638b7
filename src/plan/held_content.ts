/**
 * What the files beside the certificates held when they were last good: authorities, revocation lists, OCSP responses, the
 * secret of tickets. One that is bad when stud reads its files again must not hold up renewed certificates, so stud goes
 * on with what it held before. At the start there is nothing to go on with, and a fault is a fault.
 */

import { StartupError } from "../errors.ts";

/** Content by what it is, from one reading of all files to the next. */
export class HeldContent {
  /** Undefined at the start. */
  readonly #former: ReadonlyMap<string, unknown> | undefined;
  readonly #content = new Map<string, unknown>();
  readonly #lines = new Set<string>();

  /** `former`: what the last reading came to; undefined at the start. */
  constructor(former?: HeldContent) {
    this.#former = former === undefined ? undefined : former.#content;
  }

  /**
   * What `work` reads, or what it read the last time if it rejects with {@linkcode StartupError}. `what` names it among
   * all that is read, files included. Rejects as `work` does if there is nothing from before, or `isUsable` says no.
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

  /** Whether there is nothing to go on with, for this is the start. */
  get isFirst(): boolean {
    return this.#former === undefined;
  }

  /** A line for each fault that made stud go on with what it had. */
  get lines(): string[] {
    return [...this.#lines];
  }
}
