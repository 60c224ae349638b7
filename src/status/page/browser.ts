/**
 * What runs in the browser alone: it gets the status every two seconds and changes the document to match the page's
 * tree, element by element, so that focus, selection and scroll position stay. Texts of strangers become text nodes and
 * attribute values only. Types of the browser are declared here, as far as they are used.
 */

import type { Status } from "../status.ts";
import { type Choice, firstChoice } from "./certificates.ts";
import { titleOf } from "./summary.ts";
import type { Tree } from "./tree.ts";
import { view } from "./view.ts";

/** Starts the updates. Runs at the end of the document. */
export function start(): void {
  const interval = 2000;
  const patience = 10_000;
  const choice: { -readonly [Name in keyof Choice]: Choice[Name] } = firstChoice();
  const lost = document.getElementById("lost")!;
  let status: Status | undefined;
  let paused = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;

  const draw = () => {
    if (status === undefined) return;
    document.title = titleOf(status);
    match(document.getElementById("stud")!, view(status, choice));
    const button = document.getElementById("pause")!;
    button.setAttribute("aria-pressed", `${paused}`);
    button.textContent = paused ? "Go on" : "Pause";
  };
  const tellLost = (isLost: boolean) => {
    if (lost.hidden === !isLost) return;
    lost.hidden = !isLost;
    document.documentElement.setAttribute("data-lost", `${isLost}`);
    if (!isLost) return;
    const since = new Date().toTimeString().slice(0, 8);
    lost.textContent = `stud does not answer since ${since}. These are its last figures.`;
  };
  const update = async () => {
    clearTimeout(timer);
    if (running || paused || document.hidden) return;
    running = true;
    try {
      const response = await fetch("status", {
        headers: { accept: "application/json" },
        signal: AbortSignal.timeout(patience),
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      status = await response.json() as Status;
      // Another stud has taken this one's place, and its page may differ.
      if (status.version !== document.documentElement.getAttribute("data-version")) {
        return document.location.reload();
      }
      draw();
      tellLost(false);
    } catch {
      tellLost(true);
    } finally {
      running = false;
      timer = setTimeout(update, interval);
    }
  };

  document.documentElement.setAttribute("data-live", "true");
  document.addEventListener("visibilitychange", () => void update());
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "filter") return;
    choice.filter = target.value;
    choice.limit = firstChoice().limit;
    draw();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.id === "more") choice.limit += 100;
    else if (target.id === "pause") paused = !paused;
    else return;
    draw();
    void update();
  });
  void update();
}

/** Changes an element and everything in it to match the tree, which has the same tag. */
export function match(element: PageElement, tree: Tree): void {
  for (const [name, value] of Object.entries(tree.attributes)) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
  for (const name of element.getAttributeNames()) {
    // Whether details are open is up to the person, and what is pressed up to `start`.
    const isForeign = name === "open" || name === "aria-pressed";
    if (!isForeign && !(name in tree.attributes)) element.removeAttribute(name);
  }
  if (element.id !== "pause") matchChildren(element, tree.children);
}

function matchChildren(parent: PageElement, trees: readonly (Tree | string)[]): void {
  const keyOf = (tree: Tree | string) =>
    typeof tree === "string" ? undefined : tree.attributes["data-key"];
  const keyed = new Map<string, PageNode>();
  const wanted = new Set(trees.map(keyOf));
  for (const child of [...parent.childNodes]) {
    const key = child.getAttribute?.("data-key");
    if (typeof key !== "string") continue;
    if (wanted.has(key) && !keyed.has(key)) keyed.set(key, child);
    else parent.removeChild(child);
  }
  let next = parent.firstChild;
  for (const tree of trees) {
    const key = keyOf(tree);
    const kept: PageNode | null = key === undefined ? next : keyed.get(key) ?? null;
    const name = typeof tree === "string" ? "#text" : tree.tag;
    const fits = kept !== null && kept.nodeName.toLowerCase() === name.toLowerCase() &&
      (key !== undefined || typeof kept.getAttribute?.("data-key") !== "string");
    const node = fits ? kept : made(tree, parent);
    if (node === next) next = node.nextSibling;
    else parent.insertBefore(node, next);
    if (typeof tree !== "string") match(node as PageElement, tree);
    else if (node.data !== tree) node.data = tree;
  }
  while (next !== null) {
    const after: PageNode | null = next.nextSibling;
    parent.removeChild(next);
    next = after;
  }
}

function made(tree: Tree | string, parent: PageElement): PageNode {
  if (typeof tree === "string") return document.createTextNode(tree);
  const svg = "http://www.w3.org/2000/svg";
  return tree.tag === "svg" || parent.namespaceURI === svg
    ? document.createElementNS(svg, tree.tag)
    : document.createElement(tree.tag);
}

/** The functions of this file, for the page's script. */
export const BROWSER = [start, match, matchChildren, made];

interface PageNode {
  readonly nodeName: string;
  readonly nextSibling: PageNode | null;
  /** Of a text. */
  data?: string;
  /** Of an element. */
  getAttribute?(name: string): string | null;
}

/** As the DOM has it (dom.spec.whatwg.org). */
export interface PageElement extends PageNode {
  readonly id: string;
  readonly value: string;
  readonly namespaceURI: string | null;
  readonly childNodes: Iterable<PageNode>;
  readonly firstChild: PageNode | null;
  hidden: boolean;
  textContent: string | null;
  getAttribute(name: string): string | null;
  getAttributeNames(): string[];
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  insertBefore(node: PageNode, before: PageNode | null): void;
  removeChild(node: PageNode): void;
}

declare const document: {
  title: string;
  readonly location: { reload(): void };
  readonly hidden: boolean;
  readonly documentElement: PageElement;
  getElementById(id: string): PageElement | null;
  createTextNode(text: string): PageNode;
  createElement(tag: string): PageElement;
  createElementNS(namespace: string, tag: string): PageElement;
  addEventListener(type: string, listener: (event: { readonly target: PageElement }) => void): void;
};
