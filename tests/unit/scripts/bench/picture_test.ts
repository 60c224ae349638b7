/** The picture of ratios. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Bar, picture } from "../../../../scripts/bench/picture.ts";

/** Class and width of each bar, and the figure at its end. */
function bars(...bars: Bar[]): string[] {
  const svg = picture(bars, "caption");
  return [...svg.matchAll(/<rect class="(\w+)".*? width="(\d+)".*?>([^<>]+)<\/text>/g)]
    .map(([, kind, width, figure]) => `${kind} ${width} ${figure}`);
}

Deno.test("picture() draws a bar as long as its ratio, and distinguishes less from more", () => {
  assertEquals(
    bars({ label: "a", ratio: 0.5 }, { label: "b", ratio: 1 }, { label: "c", ratio: 1.25 }),
    ["less 100 0.50", "less 200 1.00", "more 250 1.25"],
  );
});

Deno.test("picture() cuts a bar that is too long, and says so", () => {
  assertEquals(bars({ label: "a", ratio: 25 }), ["more 400 25.00 →"]);
});

Deno.test("picture() escapes what would be markup", () => {
  const svg = picture([{ label: "<b> & c", ratio: 1 }], "x < y");
  assertStringIncludes(svg, "&lt;b&gt; &amp; c");
  assertStringIncludes(svg, "x &lt; y");
});

Deno.test("picture() is as high as its bars need, and has colors for dark pages", () => {
  const height = (count: number) => {
    const svg = picture(Array.from({ length: count }, () => ({ label: "a", ratio: 1 })), "");
    return Number(/ height="(\d+)"/.exec(svg)?.[1]);
  };
  assertEquals(height(3) - height(2), height(2) - height(1));
  assertEquals(height(2) > height(1), true);
  assertStringIncludes(picture([], ""), "prefers-color-scheme: dark");
});
