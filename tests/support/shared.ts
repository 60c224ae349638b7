/**
 * What the tests of one file share because they do not disturb one another, mostly a stud: it starts before the first
 * and ends after the last of them. A test sees none of what the others did: what was printed and counted before it is
 * dropped (`forget`). Its operations go on from test to test, so that in such a file those are not checked for leaks; the
 * resources of each test are. All tests of the file are declared by `test` or `testWith`, after what they share.
 */

import { type Needs, startSharing, testWith } from "./tools.ts";

/** What can be shared. */
export interface Shareable extends AsyncDisposable {
  /** Drops what was printed and counted so far. */
  forget(): void;
  /** Ends what the test has left open. */
  settle(): Promise<void>;
}

/** Declares that tests of this file share something; `test` declares one of them. Nothing starts if none will run. */
export class Shared<Value extends Shareable> {
  #value: Promise<Value> | undefined;
  #tests = 0;

  constructor(start: () => Promise<Value>) {
    startSharing();
    Deno.test.beforeAll(async () => {
      if (this.#tests === 0) return;
      this.#value = start();
      // Each of the tests fails with it.
      await this.#value.catch(() => {});
    });
    Deno.test.afterAll(async () => {
      const value = await this.#value?.catch(() => {});
      await value?.[Symbol.asyncDispose]();
    });
  }

  /** Declares a test, as `testWith` does. */
  test(needs: Needs, name: string, run: (value: Value) => Promise<void>): void {
    const isRun = testWith(needs, name, async () => {
      const value = await this.#value!;
      value.forget();
      try {
        await run(value);
      } finally {
        await value.settle();
      }
    });
    if (isRun) this.#tests++;
  }
}
