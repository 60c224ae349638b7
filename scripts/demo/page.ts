/** The demo's answer to a browser: the way of its request as a picture, with the real values. */

import { headerOf, type RequestFacts } from "./facts.ts";
import { postQuantumOf } from "./text.ts";

/** One HTML file without anything from outside. */
export function pageAnswer(facts: RequestFacts): string {
  const { connection } = facts;
  const tls = [connection?.version ?? "TLS", connection?.cipher];
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>stud: your request, on its way</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
<main>
<header>${MARK}<h1>It works.</h1>
<p>stud took your encrypted connection and handed this page's server plain HTTP. This is the way that your request
took just now.</p></header>
<ol class="way" aria-label="The way of your request">
${node("Your browser", agentOf(facts), facts.client)}
${link("locked", tls[0]!, tls[1] ?? "", connection?.serverName ?? "no server name")}
${node("stud", ...workerLines(facts), "stud")}
${link("plain", "plaintext", "with a PROXY line", "")}
${node("Backend", "this page's server", facts.backend)}
</ol>
<section><h2>What the backend received</h2>
<pre><b>${escape(facts.proxyLine)}</b>
${escape(requestOf(facts))}</pre>
<p>The first line is the PROXY protocol's: it tells your address, which the backend would not know otherwise.
Reload the page, and another worker may answer.</p></section>
<section><h2>Your own service, in one command</h2>
<pre>deno task stud --self-signed -f 127.0.0.1,9443 -b 127.0.0.1,<mark>8000</mark></pre>
<p>Put the port of your service at the end, and open <code>https://127.0.0.1:9443/</code>. With a real certificate,
give its file in place of <code>--self-signed</code>.</p></section>
<div class="two">
${inside(facts)}
<section><h2>Post-quantum key exchange</h2>
<p>${escape(capital(postQuantumOf(facts)))}</p></section>
</div>
</main>
</html>
`;
}

function inside({ status, statusPage }: RequestFacts): string {
  if (statusPage === undefined || status === null) return "";
  const { accepted } = status.totals;
  const taken = `${status.workers.length} workers have taken ${accepted} connection${
    accepted === 1 ? "" : "s"
  } since the start.`;
  return `<section><h2>See inside</h2>
<p><a class="button" href="${escape(statusPage)}">Status page</a>
<a class="button" href="${escape(statusPage)}metrics">Metrics for Prometheus</a></p>
<p>${taken}</p></section>`;
}

/** Its first line, and as much of its header as a glance takes in. */
function requestOf({ requestLine, headers }: RequestFacts): string {
  const shown = headers.filter((line) => /^(?:host|user-agent):/i.test(line));
  const others = headers.length - shown.length;
  return [requestLine, ...shown, ...(others > 0 ? [`… (${others} more)`] : [])]
    .join("\n");
}

function workerLines({ connection, workerPid, status }: RequestFacts): [string, string] {
  const library = status?.tlsLibrary.replace(/ \d+ \w+ \d{4}$/, "") ?? "TLS";
  if (connection === null) return ["one of its workers", library];
  return [`worker ${connection.worker}`, `process ${workerPid}, ${library}`];
}

function node(title: string, first: string, second: string, kind = ""): string {
  return `<li class="node ${kind}"><h2>${escape(title)}</h2><p>${escape(first)}</p>` +
    `<p class="fact">${escape(second)}</p></li>`;
}

function link(kind: string, ...lines: [string, string, string]): string {
  const [first, ...others] = lines.map(escape);
  return `<li class="link ${kind}"><b>${
    kind === "locked" ? LOCK : ""
  }${first}</b><i aria-hidden="true"></i>` +
    `<span>${others.filter((line) => line !== "").join("<br>")}</span></li>`;
}

function agentOf(facts: RequestFacts): string {
  const agent = headerOf(facts, "user-agent") ?? "no name";
  const [known] = /(?:Firefox|Edg|OPR|Chrome|Safari)\/[\d.]+/.exec(agent) ?? [agent];
  return known.length > 60 ? `${known.slice(0, 60)}…` : known;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const LOCK =
  '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M5 7V5a3 3 0 0 1 6 0v2M3 7h10v7H3z"/></svg>';

const MARK =
  '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8"/>' +
  '<path d="M10 15v-3a6 6 0 0 1 12 0v3M8 15h16v10H8zM16 18v4"/></svg>';

/** The style sheet, which the answer's Content-Security-Policy allows by its hash. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--text:#171a1f;--muted:#58616d;--line:#dfe3e8;--accent:#0f6f68;
--open:#8a5a00}
@media(prefers-color-scheme:dark){:root{--bg:#0e1114;--card:#171b20;--text:#e8ebef;--muted:#9aa4b0;--line:#2a3038;
--accent:#3fcabb;--open:#f0b445}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
sans-serif;font-variant-numeric:tabular-nums}
main{max-width:68rem;margin:0 auto;padding:2.5rem 1rem 4rem;display:grid;gap:1.2rem;grid-template-columns:minmax(0,1fr)}
header{text-align:center;max-width:44rem;margin:0 auto .6rem}
header p{color:var(--muted);margin:.4rem 0 0}
.mark{width:3rem;fill:var(--accent)}
.mark path{fill:none;stroke:var(--bg);stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}
h1{font-size:2.4rem;letter-spacing:-.03em;line-height:1.2;margin:.3rem 0 0}
h2{font-size:1rem;margin:0}
section,.node{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.1rem 1.3rem}
section p{margin:.6rem 0 0;color:var(--muted)}
.way{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:1fr minmax(11rem,1.25fr) 1fr
minmax(8rem,.9fr) 1fr;align-items:center}
.node{min-width:0;text-align:center;align-self:stretch;display:flex;flex-direction:column;justify-content:center}
.node p{margin:.2rem 0 0;overflow-wrap:anywhere}
.node .fact{color:var(--muted);font-size:.87rem}
.stud{border:2px solid var(--accent)}
.stud h2{color:var(--accent);font-size:1.3rem}
.link{min-width:0;height:100%;display:grid;grid-template-rows:1fr auto 1fr;text-align:center;padding:0 .6rem;
font-size:.84rem;color:var(--muted)}
.link b{align-self:end;color:var(--accent);font-size:.95rem}
.link span{overflow-wrap:anywhere}
.plain b{color:var(--open)}
.link svg{width:1rem;margin-right:.35rem;vertical-align:-.15rem;fill:none;stroke:currentColor;stroke-width:1.7}
.link i{display:block;height:4px;margin:.4rem 0;position:relative;color:var(--accent);
background:linear-gradient(90deg,currentColor 60%,transparent 0) 0/14px 4px}
.plain i{color:var(--open)}
.link i::after{content:"";position:absolute;right:-.35rem;top:-5px;border:7px solid transparent;border-right:0;
border-left:10px solid}
@media(prefers-reduced-motion:no-preference){.link i{animation:flow .9s linear infinite}}
@keyframes flow{to{background-position-x:14px}}
pre{margin:.7rem 0 0;padding:.9rem 1rem;border-radius:10px;background:var(--bg);border:1px solid var(--line);
font:.87rem/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
pre b{color:var(--accent)}
mark{background:none;color:var(--open);font-weight:700}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
.two{display:grid;grid-template-columns:1fr 1fr;gap:1.2rem}
.button{display:inline-block;padding:.4rem .95rem;margin:0 .4rem .3rem 0;border-radius:9px;background:var(--accent);
color:var(--card);font-weight:600;text-decoration:none}
.button+.button{background:none;color:var(--accent);box-shadow:inset 0 0 0 1.5px var(--accent)}
a:focus-visible{outline:3px solid var(--open);outline-offset:2px}
@media(max-width:52rem){
main{padding-top:1.2rem}
h1{font-size:1.9rem}
.way{grid-template-columns:minmax(0,1fr)}
.link{padding:.5rem 0;height:auto;grid-template-rows:none;justify-items:center}
.link i{width:4px;height:2.2rem;background:linear-gradient(currentColor 60%,transparent 0) 0 0/4px 14px}
.link i::after{right:-5px;top:auto;bottom:-.4rem;border:7px solid transparent;border-bottom:0;border-top:10px solid}
@keyframes flow{to{background-position-y:14px}}
.two{grid-template-columns:minmax(0,1fr)}
}
`.trim();
