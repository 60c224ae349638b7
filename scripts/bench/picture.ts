/**
 * The picture for the README: a bar for each row, as long as the figure of the better of stud's engines relative to the
 * best peer's. Less is better, so bars should end left of the line. Readable on light and dark pages. Pure.
 */

/** A bar of the picture. */
export interface Bar {
  readonly label: string;
  /** stud's figure divided by the best peer's. */
  readonly ratio: number;
}

/** The picture as an SVG document. `caption` describes the comparison under the bars. */
export function picture(bars: readonly Bar[], caption: string): string {
  const bottom = TOP + bars.length * STEP;
  const height = bottom + 48;
  const line = LEFT + UNIT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
<title id="title">What stud needs relative to the best other TLS proxy, row by row; less is better</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.label { text-anchor: end }
.small { font-size: 11px; fill: #59636e }
.peer { stroke: #59636e; stroke-dasharray: 3 3 }
.less { fill: #1a7f37 }
.more { fill: #9a6700 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .peer { stroke: #9198a1 }
  .less { fill: #3fb950 }
  .more { fill: #d29922 }
}
</style>
<text class="small" x="${line}" y="${TOP - 10}" text-anchor="middle">best peer = 1</text>
${bars.map((each, index) => bar(each, TOP + index * STEP)).join("\n")}
<line class="peer" x1="${line}" x2="${line}" y1="${TOP - 4}" y2="${bottom}"/>
<text class="small" x="16" y="${bottom + 26}">${escape(caption)}</text>
</svg>
`;
}

function bar({ label, ratio }: Bar, y: number): string {
  // A bar that is too long is cut at the edge; its figure shows the real length.
  const width = Math.round(Math.min(ratio, LONGEST) * UNIT);
  const text = ratio.toFixed(2) + (ratio > LONGEST ? " →" : "");
  return `<text class="label" x="${LEFT - 10}" y="${y + 14}">${escape(label)}</text>` +
    `<rect class="${ratio <= 1 ? "less" : "more"}" x="${LEFT}" y="${y + 1}" width="${width}" ` +
    `height="${STEP - 8}" rx="2"/>` +
    `<text x="${LEFT + width + 8}" y="${y + 14}">${text}</text>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const WIDTH = 800;
const LEFT = 300;
const TOP = 36;
const STEP = 26;
/** The width of a ratio of 1, and the largest ratio that is drawn to scale. */
const UNIT = 200;
const LONGEST = 2;
