/**
 * The page for people: one HTML file that needs nothing else. It shows everything without JavaScript; with it, it
 * updates itself from `status` beside it. The functions that make its body here make it in the browser as well: the
 * page's script is their source, as the runtime has it. So they may use nothing but their arguments, the language, the
 * browser and each other.
 */

import { toBase64 } from "../../wire/base64.ts";
import { sha256 } from "../../wire/sha256.ts";
import type { Status } from "../status.ts";
import { BROWSER, start } from "./browser.ts";
import { CERTIFICATES, firstChoice } from "./certificates.ts";
import { EVENTS } from "./events.ts";
import { HANDSHAKES } from "./handshakes.ts";
import { PARTS } from "./parts.ts";
import { PROBLEMS } from "./problems.ts";
import { STYLE } from "./style.ts";
import { SUMMARY, titleOf } from "./summary.ts";
import { TRAFFIC } from "./traffic.ts";
import { el, toHtml } from "./tree.ts";
import { VIEW, view } from "./view.ts";
import { WORDS } from "./words.ts";

/** The page, to be sent in UTF-8 with {@linkcode pagePolicy}. Its links are relative to its folder. */
export function page(status: Status): string {
  const title = el("title", {}, titleOf(status));
  return `<!DOCTYPE html>
<html lang="en"${attribute("data-version", status.version)}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
${toHtml(title)}
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
${toHtml(view(status, firstChoice()))}
<p id="lost" role="alert" hidden></p>
<script>${script()}</script>
</body>
</html>
`;
}

/** The page's `Content-Security-Policy`: its own style and script, requests to its own server, nothing else. */
export function pagePolicy(): string {
  return policy ??= [
    "default-src 'none'",
    `script-src '${hashOf(script())}'`,
    `style-src '${hashOf(STYLE)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** The source of all functions that run in the browser, and the call that starts them. */
export function script(): string {
  return source ??= [
    '"use strict";',
    ...[
      ...[el, ...WORDS, ...PARTS, ...PROBLEMS, ...SUMMARY, ...TRAFFIC, ...CERTIFICATES],
      ...[...HANDSHAKES, ...EVENTS, ...VIEW, ...BROWSER],
    ].map(String),
    `${start.name}();`,
  ].join("\n").replace(INSIGNIFICANT, "");
}

function attribute(name: string, value: string): string {
  return toHtml(el("i", { [name]: value })).slice("<i".length, -"></i>".length);
}

/** A hash source (Content Security Policy Level 3, section 2.3.1). */
function hashOf(text: string): string {
  return `sha256-${toBase64(sha256(text))}`;
}

let source: string | undefined;
let policy: string | undefined;

/** Indentation, and comments that are lines. */
const INSIGNIFICANT = /^[ \t]+|^[ \t]*\/\/.*\n/gm;

/** The page's mark, as a data URL. */
const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
    '<rect width="32" height="32" rx="8" fill="#0f6f68"/><path d="M10 15v-3a6 6 0 0 1 12 0v3' +
    'M8 15h16v10H8zM16 18v4" fill="none" stroke="#fff" stroke-width="2.4"/></svg>',
);
