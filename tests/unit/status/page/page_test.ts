/** The page as the server writes it: complete without JavaScript, safe, and the same as its script makes it. */

import { assert, assertEquals, assertStringIncludes } from "../../../support/assert.ts";
import { busyStatus, freshStatus, HOSTILE } from "../../../support/made_status.ts";
import { firstChoice } from "../../../../src/status/page/certificates.ts";
import { page, pagePolicy, script } from "../../../../src/status/page/page.ts";
import { STYLE } from "../../../../src/status/page/style.ts";
import { view } from "../../../../src/status/page/view.ts";
import type { Status } from "../../../../src/status/status.ts";

Deno.test("page() shows every part of the status without JavaScript", () => {
  const text = textOf(page(busyStatus()));
  for (
    const shown of [
      ...["Serving", "8,120", "1,223,800", "31.1 TB", "1,210 refused", "51,002 silent"],
      ...["*,443", "0.0.0.0:443 [::]:443", "closed 901,233", "timeout 2,311"],
      ...["Worker 3", "pid 4103", "33.0 %", "64.9 MB", "killed by SIGKILL", "Supervisor"],
      ...["example.com", "RSA 2048", "Let's Encrypt E7", "61 days", "expired 1 day ago"],
      ...["differs from disk", "2 h old", "/etc/stud/certs/example.com.pem", "for mail"],
      ...["/etc/stud/shop.pem", "no certificate in it", "its former content is served"],
      ...["10.1.2.4:8080", "3.1 ms", "connection refused, 45 s ago"],
      ...["not-tls", "3,120", "192.0.2.66:51234", "old.example.com"],
      ...[
        "TLSv1.3",
        "98.8 % 1,190,220",
        "TLS_CHACHA20_POLY1305_SHA256",
        "X25519MLKEM768",
        "50.7 %",
      ],
      ...["611,230 resumed, 593,220 full", "12 ms on average", "61.0 %"],
      ...["2 certificates; 1 in quarantine", "worker 3 (process 4093) died"],
      ...["OpenSSL 3.5.1", "Deno 2.9.6", "Process 4100"],
    ]
  ) assertStringIncludes(text, shown);
});

Deno.test("page() tells what it does not know, and why there is no post-quantum key exchange", () => {
  const text = textOf(page(freshStatus()));
  assertStringIncludes(text, "they need OpenSSL 3.5");
  assertStringIncludes(text, "No certificate is served.");
  assertEquals(/undefined|NaN|Infinity|\[object/.exec(text), null);
});

Deno.test("page() shows strangers' texts as texts", () => {
  const html = page(withHostileTexts(busyStatus()));
  assertEquals(html.match(/<script/g)?.length, 1);
  assertEquals(namesIn(html).filter((name) => /img|onerror|alert/.test(name)), []);
  // deno-lint-ignore no-control-regex -- these are what is looked for
  assertEquals(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.exec(html), null);
  assertStringIncludes(html, "&#60;script&#62;alert(&#39;2&#39;)");
});

Deno.test("page() is small, also with a thousand certificates, of which it shows the worst", () => {
  assert(page(freshStatus()).length < 60_000);
  const html = page(busyStatus({ certificates: 1000 }));
  assert(html.length < 100_000, `${html.length} characters`);
  const text = textOf(html);
  assertStringIncludes(text, "1,000 certificates: the 25 that need attention first");
  const [expired, three] = [text.indexOf("expired 1 day ago"), text.indexOf("3 days")];
  assert(expired > 0 && three > expired);
});

Deno.test("the page's script makes the same tree as the server, with nothing from outside", () => {
  const body = script().replace(/\n.*$/, `\nreturn ${view.name};`);
  const inBrowser = new Function(body)() as typeof view;
  for (const status of [busyStatus({ certificates: 60 }), freshStatus()]) {
    assertEquals(inBrowser(status, firstChoice()), view(status, firstChoice()));
  }
});

Deno.test("pagePolicy() names the page's own script and style, and nothing is outside of them", async () => {
  const html = page(busyStatus());
  const policy = pagePolicy();
  const [, inlineScript] = /<script>([^]*?)<\/script>/.exec(html)!;
  const [, inlineStyle] = /<style>([^]*?)<\/style>/.exec(html)!;
  assertEquals([inlineScript, inlineStyle], [script(), STYLE]);
  assertStringIncludes(policy, `script-src '${await hashOf(inlineScript!)}'`);
  assertStringIncludes(policy, `style-src '${await hashOf(inlineStyle!)}'`);
  assertStringIncludes(policy, "default-src 'none'");
  assertEquals(/unsafe|\*/.exec(policy), null);
  assertEquals(namesIn(html).filter((name) => /^(?:src|style|on.*|base|iframe)$/.test(name)), []);
  assertEquals(html.match(/href="(?!#|data:|[a-z]+")/g), null);
  assertEquals(/innerHTML|outerHTML|insertAdjacent|document\.write|eval/.exec(script()), null);
});

Deno.test("page() has a name for every column, row, picture and table", () => {
  const html = page(busyStatus());
  const all = (pattern: RegExp) => html.match(pattern)?.length ?? 0;
  assertEquals(all(/<table>/g), all(/<caption/g));
  assertEquals(all(/<tr/g) - all(/<thead>/g), all(/<th scope="row"/g));
  assertEquals(all(/<svg/g), all(/<svg [^>]*(?:aria-label="[^"]+"|aria-hidden="true")/g));
  assertEquals(all(/<h1>/g), 1);
  assertStringIncludes(html, '<html lang="en"');
  assertEquals(all(/<section/g), all(/<section [^>]*aria-labelledby/g));
});

/** The same with a stranger's text wherever there is one. */
function withHostileTexts(status: Status): Status {
  return JSON.parse(JSON.stringify(status, (_, value) => {
    const isFixed = typeof value !== "string" || /^\d{4}-|^[a-z]+$/.test(value);
    return isFixed ? value : `${value}${HOSTILE}`;
  }));
}

/** The text of all elements, as a person reads it. */
function textOf(html: string): string {
  return html.replace(/<(script|style)>[^]*?<\/\1>/g, "")
    .replace(/<[^>]*>/g, (tag) => /^<\/?(?:b|i|code|time)\b/.test(tag) ? "" : "\n")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

/** The names of all tags and attributes, each once. */
function namesIn(html: string): string[] {
  const tags = html.replace(/<(script|style)>[^]*?<\/\1>/g, "").replace(/="[^"]*"/g, "")
    .match(/<[^>]*>/g)!;
  return [...new Set(tags.flatMap((tag) => tag.match(/[\w-]+/g) ?? []))];
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}
