/** The page of `--status` in a real browser, as people see it, in front of a stud that has traffic. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { type BrowserPage, Chromium } from "../support/chromium.ts";
import { type Shareable, Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";

const CHROMIUM = { tools: ["chromium"], linux: true, keepsResources: true };

/** A browser with a page, and a stud for the tests that do not need one of their own. */
class Visited implements Shareable {
  private constructor(
    readonly chromium: Chromium,
    readonly browser: BrowserPage,
    readonly site: Site,
    readonly url: string,
  ) {}

  static async start(): Promise<Visited> {
    const site = await startSite();
    const chromium = await Chromium.launch();
    return new Visited(chromium, await chromium.open(), site, await pageOf(site));
  }

  forget(): void {
    this.site.forget();
  }

  async settle(): Promise<void> {
    await this.browser.clear();
    await this.site.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.chromium[Symbol.asyncDispose]();
    await this.site[Symbol.asyncDispose]();
  }
}

const shared = new Shared(Visited.start);

function startSite(): Promise<Site> {
  return Site.startEcho(["--status", "127.0.0.1,0"]);
}

/** Where Chromium shows the first figure of a name. */
const fact = (name: string) => `.facts div:has(dt:text-is("${name}")) b`;

shared.test(
  CHROMIUM,
  "the page's figures move when traffic flows, and what is selected stays",
  async ({ browser }) => {
    await using site = await startSite();
    const page = await browser.show(await pageOf(site));
    await page.waitForSelector("html[data-live]");
    assertEquals(await page.textContent("h1"), "Serving");
    assertEquals(await page.textContent(fact("Open connections")), "0");
    await page.locator("#workers-title").evaluate(select);
    await page.locator("nav a").first().focus();

    const client = await site.connect();
    await page.waitForSelector(`${fact("Open connections")}:text-is("1")`);
    await echo5000(client);
    client.close();
    await page.waitForSelector(`${fact("Open connections")}:text-is("0")`);
    await page.waitForSelector('#frontends td[data-label="To clients"]:has-text("5.00 kB")');
    await page.waitForSelector('#handshakes dt:text-is("TLSv1.3")');
    await page.waitForSelector('.chart:first-child .axis span:text-matches("^peak (?!0/s)")');

    assertEquals(await page.evaluate("getSelection().toString().trim()"), "Workers");
    assertEquals(await page.evaluate("document.activeElement.textContent"), "Traffic");
    assertEquals(browser.faults, []);
  },
);

shared.test(
  CHROMIUM,
  "without JavaScript the page has the same figures",
  async ({ chromium, site, url }) => {
    const client = await site.connect();
    await echo5000(client);
    await using browser = await chromium.open({ javaScriptEnabled: false });
    const page = await browser.show(url);
    for (let round = 0; !await page.isVisible('#frontends td:has-text("5.00 kB")'); round++) {
      assert(round < 50, await page.innerText("main"));
      await page.waitForTimeout(200);
      await page.reload();
    }
    client.close();
    const text = await page.innerText("main");
    for (const shown of ["Serving", "Worker 1", `127.0.0.1:${site.port}`, site.pem.path]) {
      assertStringIncludes(text, shown);
    }
    assertEquals(await page.isVisible("#pause"), false);
    assertEquals(await page.isVisible("#filter"), false);
    assertEquals(browser.faults, []);
  },
);

shared.test(
  CHROMIUM,
  "the page fits a narrow screen, and the keyboard reaches all of it",
  async ({ browser, url }) => {
    const viewport = { width: 360, height: 720 };
    const page = await browser.show(url, { viewport });
    await page.waitForSelector("html[data-live]");
    assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 360);
    const wanted = await page.evaluate<string[]>(
      `[...document.querySelectorAll("a,button,input,summary,[tabindex='0']")].map(${NAME_OF})`,
    );
    const reached: string[] = [];
    for (let key = 0; key < wanted.length; key++) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate(`(${NAME_OF})(document.activeElement)`));
      const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
      assertEquals(outline, "solid", reached.at(-1));
    }
    assertEquals(reached, wanted);
    assert(wanted.includes("Skip to the content"), wanted.join());
    assertEquals(browser.faults, []);
  },
);

for (const colorScheme of ["light", "dark"] as const) {
  shared.test(
    CHROMIUM,
    `the page's texts stand out from their background, ${colorScheme}`,
    async ({ browser, url }) => {
      const page = await browser.show(url, { colorScheme });
      const weak = await page.evaluate<string[]>(WEAK_TEXTS);
      assertEquals(weak, []);
      const shade = await page.evaluate<number>(
        "Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])",
      );
      assertEquals(shade < 128, colorScheme === "dark");
    },
  );
}

shared.test(
  CHROMIUM,
  "the page tells that stud is gone, and pauses when it is asked to",
  async ({ browser }) => {
    await using site = await startSite();
    const page = await browser.show(await pageOf(site));
    await page.waitForSelector("html[data-live]");
    await page.click("#pause");
    assertEquals(await page.getAttribute("#pause", "aria-pressed"), "true");
    const shown = await page.textContent(".clock time");
    await page.waitForTimeout(2_500);
    assertEquals(await page.textContent(".clock time"), shown);
    assertEquals(browser.faults, []);

    await page.click("#pause");
    site.stud.signal("SIGKILL");
    await site.stud.ended();
    await page.waitForSelector("#lost:not([hidden])");
    assertStringIncludes((await page.textContent("#lost"))!, "stud does not answer since ");
  },
);

async function pageOf({ stud }: Site): Promise<string> {
  await stud.output(/status is served on \S+/);
  const [, address] = /status is served on (\S+)/.exec(stud.stdout)!;
  return `http://${address}/`;
}

/** Sends 5,000 bytes and has them back. */
async function echo5000(client: Deno.TlsConn): Promise<void> {
  const sent = await client.write(new Uint8Array(5000));
  for (let left = sent; left > 0;) left -= await client.read(new Uint8Array(left)) ?? left;
  assertEquals(sent, 5000);
}

/** Runs in the browser. */
function select(element: unknown): void {
  const selection = (globalThis as unknown as { getSelection(): Selection }).getSelection();
  selection.selectAllChildren(element);
}

interface Selection {
  selectAllChildren(element: unknown): void;
}

const NAME_OF = "(one) => one.getAttribute('aria-label') ?? (one.id || one.textContent)";

/** Texts whose contrast is below 4.5 (WCAG 2.2, 1.4.3), on the nearest background that is opaque. */
const WEAK_TEXTS = `(() => {
  const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (one) => {
    const [r, g, b, a = 1] = rgb(getComputedStyle(one).backgroundColor);
    return a === 1 ? [r, g, b] : behind(one.parentElement);
  };
  return [...document.querySelectorAll("body *:not(script, svg *)")].filter((one) => {
    if (![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) return false;
    const [a, b] = [luminance(rgb(getComputedStyle(one).color)), luminance(behind(one))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  }).map((one) => one.outerHTML.slice(0, 200));
})()`;
