/** Handshakes: how clients connect, and why some fail. Runs in the browser too: see tree.ts. */

import type { HandshakeFailureStatus, Status } from "../status.ts";
import { bar, card, type Column, empty, section, shares, table } from "./parts.ts";
import { el, type Tree } from "./tree.ts";
import { ago, count, many, percent, span } from "./words.ts";

/** The section of handshakes. */
export function handshakes(status: Status): Tree {
  const { handshakes: all, postQuantum, time } = status;
  const total = all.resumed + all.full;
  const columns: Column<HandshakeFailureStatus>[] = [
    { head: "Reason", cell: ({ reason }) => el("code", {}, reason) },
    { head: "Count", kind: "number", cell: ({ count: value }) => count(value) },
    { head: "Last", cell: ({ lastTime }) => ago(lastTime, time) },
    { head: "Last client", cell: ({ lastClient }) => lastClient ?? "–" },
    {
      head: "Its server name",
      kind: "long",
      cell: ({ lastServerName }) =>
        lastServerName === null
          ? "–"
          : lastServerName.length > 120
          ? `${lastServerName.slice(0, 120)}…`
          : lastServerName,
    },
  ];
  return section(
    "handshakes",
    "Handshakes",
    el(
      "div",
      { class: "grid3" },
      el(
        "div",
        {},
        card(
          "Resumption",
          el(
            "p",
            { class: "figures" },
            el("b", {}, percent(total > 0 ? all.resumed / total : null)),
          ),
          bar(total > 0 ? all.resumed / total : 0),
          el(
            "p",
            { class: "muted" },
            `${count(all.resumed)} resumed, ${count(all.full)} full. A handshake takes ` +
              `${span(all.time)} on average.`,
          ),
        ),
        card("Post-quantum key exchange", postQuantumContent(postQuantum)),
      ),
      el("div", {}, shares("TLS versions", all.versions), shares("Groups", all.groups)),
      shares("Ciphers", all.ciphers),
    ),
    el("h3", { class: "above" }, "Failed handshakes"),
    all.failures.length === 0
      ? empty("None.")
      : table("Failed handshakes by reason", columns, all.failures, ({ reason }) => reason),
  );
}

function postQuantumContent({ offered, groups, share, why }: Status["postQuantum"]): Tree[] {
  if (!offered) {
    return [
      el("p", { class: "figures" }, el("b", {}, "Not offered")),
      el("p", { class: "muted" }, why ?? "The TLS library cannot."),
    ];
  }
  const unknown = why ?? "The TLS library does not tell which clients use it.";
  return [
    el("p", { class: "figures" }, el("b", {}, share === null ? "Offered" : percent(share))),
    ...(share === null ? [] : [bar(share)]),
    el(
      "p",
      { class: "muted" },
      `${many(groups.length, "group")} offered: ${groups.join(", ")}. `,
      share === null ? unknown : "The share is that of full handshakes.",
    ),
  ];
}

/** The functions of this file, for the page's script. */
export const HANDSHAKES = [handshakes, postQuantumContent];
