/** Certificates, worst first and bounded, and the files in quarantine. Runs in the browser too: see tree.ts. */

import type { CertificateStatus, QuarantinedFile, Status } from "../status.ts";
import { badge, type Column, empty, section, table } from "./parts.ts";
import { type Content, el, type Tree } from "./tree.ts";
import { count, day, days, many, span } from "./words.ts";

/** What the person at the browser has chosen. */
export interface Choice {
  /** Certificates are shown that contain it, in any case, in a name, the issuer, the key type or the source. */
  readonly filter: string;
  /** Max certificates shown. */
  readonly limit: number;
}

/** What is shown before anything has been chosen, and without JavaScript. */
export function firstChoice(): Choice {
  return { filter: "", limit: 25 };
}

/** The section of certificates. */
export function certificates(status: Status, { filter, limit }: Choice): Tree {
  const wanted = filter.trim().toLowerCase();
  const contains = ({ names, issuer, keyType, source }: CertificateStatus) =>
    [...names, issuer, keyType, source].some((text) => text.toLowerCase().includes(wanted));
  const rank = ({ daysLeft, servedDiffers }: CertificateStatus) =>
    daysLeft < 7 ? 0 : servedDiffers || daysLeft < 30 ? 1 : 2;
  const matching = (wanted === "" ? [...status.certificates] : status.certificates.filter(contains))
    .sort((a, b) => rank(a) - rank(b) || a.daysLeft - b.daysLeft);
  const rows = matching.slice(0, limit);
  const total = status.certificates.length;
  const several = total > 1
    ? `${many(total, "certificate")}${wanted === "" ? "" : `, ${count(matching.length)} match`}`
    : "";
  const order = matching.length > rows.length
    ? `: the ${count(rows.length)} that need attention first`
    : "";
  return section(
    "certificates",
    "Certificates",
    status.quarantine.length === 0 ? null : quarantine(status.quarantine),
    el(
      "div",
      { class: "tools" },
      el("p", { class: "muted", role: "status" }, several + order),
      el(
        "label",
        { class: "live" },
        el("span", { class: "unseen" }, "Filter certificates"),
        el("input", {
          type: "search",
          id: "filter",
          placeholder: "Filter by name, issuer, key or file",
          autocomplete: "off",
          spellcheck: "false",
        }),
      ),
    ),
    rows.length === 0
      ? empty(total === 0 ? "No certificate is served." : "No certificate matches.")
      : table("Certificates", certificateColumns(status), rows, ({ fingerprint }) => fingerprint),
    matching.length <= rows.length ? null : el(
      "p",
      { class: "more" },
      el("button", { type: "button", class: "live", id: "more" }, "Show 100 more"),
      el("a", { href: "status" }, "all of them as JSON"),
    ),
  );
}

function certificateColumns(status: Status): Column<CertificateStatus>[] {
  const left = ({ daysLeft }: CertificateStatus) =>
    daysLeft < 7
      ? badge("bad", days(daysLeft))
      : daysLeft < 30
      ? badge("warn", days(daysLeft))
      : el("span", {}, days(daysLeft));
  return [
    { head: "Names", kind: "long", cell: ({ names }) => namesOf(names) },
    { head: "Key", cell: ({ keyType }) => keyType },
    { head: "Issuer", kind: "long", cell: ({ issuer }) => issuer },
    {
      head: "Expires in",
      cell: (row) => [left(row), el("small", {}, day(row.notAfter))],
    },
    {
      head: "Served",
      cell: ({ servedDiffers }) =>
        servedDiffers === null
          ? "–"
          : servedDiffers
          ? badge("warn", "differs from disk")
          : "as on disk",
    },
    {
      head: "OCSP stapled",
      cell: ({ ocsp }) =>
        ocsp === null ? "none" : [
          `${span(ocsp.age)} old`,
          ocsp.nextUpdate === null
            ? null
            : ocsp.nextUpdate < status.time
            ? el("small", {}, badge("bad", "out of date"))
            : el("small", {}, "until ", day(ocsp.nextUpdate)),
        ],
    },
    {
      head: "From",
      kind: "long",
      cell: ({ source, frontends }) => [
        el("span", { class: "path" }, source),
        frontends.length === 0 ? null : el("small", {}, `for ${frontends.join(", ")}`),
      ],
    },
  ];
}

function namesOf(names: readonly string[]): Content {
  const max = 50;
  const [first, ...others] = names;
  if (first === undefined) return el("i", {}, "no name");
  if (others.length === 0) return el("b", {}, first);
  return [
    el("b", {}, first),
    el(
      "details",
      {},
      el("summary", {}, `${many(others.length, "more name")}`),
      el(
        "ul",
        {},
        others.slice(0, max).map((name) => el("li", {}, name)),
        others.length > max ? el("li", {}, `and ${count(others.length - max)} others`) : null,
      ),
    ),
  ];
}

function quarantine(files: readonly QuarantinedFile[]): Tree {
  const max = 20;
  return el(
    "div",
    { class: "card alert" },
    el("h3", {}, `In quarantine: ${many(files.length, "file")}`),
    el(
      "ul",
      {},
      files.slice(0, max).map(({ source, reason, keepsFormer }) =>
        el(
          "li",
          { "data-key": source },
          el("b", { class: "path" }, source),
          " ",
          keepsFormer ? badge("warn", "its former content is served") : badge("bad", "not served"),
          el("br", {}),
          reason,
        )
      ),
      files.length > max ? el("li", {}, `and ${count(files.length - max)} others`) : null,
    ),
  );
}

/** The functions of this file, for the page's script. */
export const CERTIFICATES = [firstChoice, certificates, certificateColumns, namesOf, quarantine];
