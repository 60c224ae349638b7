/** The top of the page: state, worst problem and the figures that matter first. Runs in the browser too: see tree.ts. */

import type { Status } from "../status.ts";
import { problemsOf } from "./problems.ts";
import { el, type Tree } from "./tree.ts";
import { count, days, many, percent, span } from "./words.ts";

/** What the document's title says: the state, and whether something is wrong. */
export function titleOf(status: Status): string {
  const worst = problemsOf(status)[0]?.level;
  const mark = worst === "bad" ? "✖ " : worst === "warn" ? "▲ " : "";
  return `${mark}${stateOf(status)} – stud`;
}

/** The state in one word. */
export function stateOf(status: Status): string {
  if (status.state !== "serving") return status.state === "draining" ? "Draining" : "Starting";
  return status.ready ? "Serving" : "Not ready";
}

/** The banner with the state, the problems and the first figures. */
export function summary(status: Status): Tree {
  const problems = problemsOf(status);
  const [worst] = problems;
  const shown = problems.slice(0, 5);
  return el(
    "div",
    { class: `summary ${worst?.level ?? (status.ready ? "good" : "warn")}` },
    el(
      "div",
      { class: "verdict", role: "status" },
      el("h1", {}, stateOf(status)),
      worst === undefined
        ? el(
          "p",
          {},
          status.ready ? "Everything is in order." : "Not every frontend is served yet.",
        )
        : el(
          "ul",
          {},
          shown.map(({ level, section, text }) =>
            el(
              "li",
              { class: level },
              el("a", { href: `#${section}` }, text.length > 160 ? `${text.slice(0, 160)}…` : text),
            )
          ),
          problems.length > shown.length
            ? el("li", {}, `and ${many(problems.length - shown.length, "other")}`)
            : null,
        ),
    ),
    facts(status),
  );
}

function facts(status: Status): Tree {
  const { handshakes, postQuantum, totals, workers } = status;
  const soonest = [...status.certificates].sort((a, b) => a.daysLeft - b.daysLeft)[0];
  const serving = workers.filter(({ state }) => state === "serving").length;
  const total = handshakes.resumed + handshakes.full;
  const fact = (name: string, value: string, note: string) =>
    el("div", { "data-key": name }, el("dt", {}, name), el("dd", {}, el("b", {}, value), note));
  return el(
    "dl",
    { class: "facts" },
    fact("Ready", status.ready ? "yes" : "no", `up ${span(status.uptime)}`),
    fact("Workers", `${serving} of ${workers.length}`, "serving"),
    fact(
      "Open connections",
      count(totals.active),
      `${count(totals.accepted)} since the start`,
    ),
    fact(
      "Soonest expiry",
      soonest === undefined ? "–" : soonest.daysLeft < 0 ? "expired" : days(soonest.daysLeft),
      soonest === undefined ? "no certificate" : soonest.names[0] ?? soonest.source,
    ),
    fact(
      "Resumed",
      percent(total > 0 ? handshakes.resumed / total : null),
      `of ${many(total, "handshake")}`,
    ),
    fact(
      "Post-quantum",
      !postQuantum.offered
        ? "no"
        : postQuantum.share === null
        ? "offered"
        : percent(postQuantum.share),
      postQuantum.offered ? postQuantum.groups.join(", ") : "not offered",
    ),
  );
}

/** The functions of this file, for the page's script. */
export const SUMMARY = [titleOf, stateOf, summary, facts];
