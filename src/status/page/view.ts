/** The page's body, from the status and what the person at the browser has chosen. Runs there too: see tree.ts. */

import type { Status } from "../status.ts";
import { certificates, type Choice } from "./certificates.ts";
import { reloads, warnings } from "./events.ts";
import { handshakes } from "./handshakes.ts";
import { summary } from "./summary.ts";
import { backends, frontends, traffic, workers } from "./traffic.ts";
import { el, type Tree } from "./tree.ts";
import { day } from "./words.ts";

/** The body without the script. */
export function view(status: Status, choice: Choice): Tree {
  return el(
    "div",
    { id: "stud" },
    head(status),
    el(
      "main",
      { id: "main", tabindex: -1 },
      summary(status),
      traffic(status),
      frontends(status),
      workers(status),
      certificates(status, choice),
      backends(status),
      handshakes(status),
      reloads(status),
      warnings(status),
    ),
    foot(status),
  );
}

function head({ time, version }: Status): Tree {
  const sections = ["Traffic", "Frontends", "Workers", "Certificates", "Backends", "Handshakes"];
  const links = [...sections, "Reloads", "Warnings"];
  return el(
    "header",
    {},
    el("a", { class: "skip", href: "#main" }, "Skip to the content"),
    el(
      "div",
      { class: "brand" },
      el(
        "svg",
        { viewBox: "0 0 32 32", "aria-hidden": "true" },
        el("rect", { width: 32, height: 32, rx: 8 }),
        el("path", { d: "M10 15v-3a6 6 0 0 1 12 0v3M8 15h16v10H8zM16 18v4" }),
      ),
      el("b", {}, "stud"),
      el("span", { class: "muted" }, version),
    ),
    el(
      "nav",
      { "aria-label": "Sections" },
      links.map((name) => el("a", { href: `#${name.toLowerCase()}` }, name)),
    ),
    el(
      "div",
      { class: "clock" },
      el("time", { datetime: time, title: time }, `${time.slice(11, 19)} UTC`),
      el(
        "button",
        { type: "button", id: "pause", class: "live", "aria-pressed": "false" },
        "Pause",
      ),
    ),
  );
}

function foot({ pid, runtime, startedAt, tlsLibrary }: Status): Tree {
  const links = ["metrics", "status", "connections", "healthz", "readyz"];
  return el(
    "footer",
    {},
    el(
      "p",
      {},
      `Process ${pid} on ${runtime}, TLS by ${tlsLibrary}, started on `,
      day(startedAt),
      ` at ${startedAt.slice(11, 19)} UTC.`,
    ),
    el(
      "p",
      {},
      links.map((path) => [el("a", { href: path }, `/${path}`), " "]),
    ),
  );
}

/** The functions of this file, for the page's script. */
export const VIEW = [view, head, foot];
