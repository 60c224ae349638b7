/**
 * A real Chromium, Debian's, for tests of pages. What its console says, errors of scripts, and requests that fail or
 * leave the page's own server are faults of the page.
 */

import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { toolPath } from "./tools.ts";

/** A browser. Use it with `await using`. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<Chromium> {
    return new Chromium(
      await chromium.launch({
        executablePath: toolPath("chromium")!,
        // Chromium's own sandbox does not work for root. A process for the GPU is of no use without one.
        args: ["--no-sandbox", "--disable-gpu", "--in-process-gpu"],
      }),
    );
  }

  /** Opens an empty page, with no cookies, caches or settings of another. Certificates are not verified. */
  async open(options: BrowserContextOptions = {}): Promise<BrowserPage> {
    const context = await this.#browser.newContext({ ignoreHTTPSErrors: true, ...options });
    context.setDefaultTimeout(PATIENCE);
    return new BrowserPage(await context.newPage());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** A page that {@linkcode Chromium.open} has opened. Use it with `await using`. */
export class BrowserPage implements AsyncDisposable {
  readonly page: Page;
  /** What a person would find in the developer tools: all of it is unexpected. */
  readonly faults: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => this.faults.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => this.faults.push(`script: ${error}`));
    page.on("requestfailed", (request) => this.faults.push(`no answer: ${request.url()}`));
    page.on("response", (response) => {
      if (!response.ok()) this.faults.push(`${response.status()}: ${response.url()}`);
    });
  }

  /** Shows another place, as a new page would; faults of the former one are dropped. */
  async show(url: string, { viewport = VIEWPORT, colorScheme = null }: View = {}): Promise<Page> {
    await this.page.setViewportSize(viewport);
    await this.page.emulateMedia({ colorScheme });
    this.faults.length = 0;
    await this.page.goto(url);
    return this.page;
  }

  /** Shows nothing, so that no server is asked any more. */
  async clear(): Promise<void> {
    await this.page.goto("about:blank");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}

/** Who looks at a page. */
export interface View {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: "light" | "dark" | null;
}

const VIEWPORT = { width: 1280, height: 720 };
/** Milliseconds for whatever is waited for, on a machine that does much else. */
const PATIENCE = 30_000;
