/**
 * A real Chromium, Debian's, for tests of pages. What its console says, errors of scripts, and requests that fail or
 * leave the page's own server are faults of the page.
 */

import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { toolPath } from "./tools.ts";

/** A page in a browser of its own. Use it with `await using`. */
export class BrowserPage implements AsyncDisposable {
  readonly page: Page;
  /** What a person would find in the developer tools: all of it is unexpected. */
  readonly faults: string[] = [];
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
    page.on("console", (message) => this.faults.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => this.faults.push(`script: ${error}`));
    page.on("requestfailed", (request) => this.faults.push(`no answer: ${request.url()}`));
    page.on("response", (response) => {
      if (!response.ok()) this.faults.push(`${response.status()}: ${response.url()}`);
    });
  }

  /** Opens a page. Certificates are not verified. */
  static async open(url: string, options: BrowserContextOptions = {}): Promise<BrowserPage> {
    const browser = await chromium.launch({
      executablePath: toolPath("chromium")!,
      // Chromium's own sandbox does not work for root.
      args: ["--no-sandbox", "--disable-gpu"],
    });
    try {
      const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
      context.setDefaultTimeout(PATIENCE);
      const opened = new BrowserPage(browser, await context.newPage());
      await opened.page.goto(url);
      return opened;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Milliseconds for whatever is waited for, on a machine that does much else. */
const PATIENCE = 30_000;
