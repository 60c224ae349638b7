/**
 * The page as a tree of elements: the server writes it as HTML, the browser changes its document to match it. Both get
 * it from the same functions, whose source the page contains; so what those functions use is in the page too, and they
 * name no constant of a module (page.ts). All text may be a stranger's: it is escaped here and nowhere else.
 */

/** An element, without whitespace around its children. */
export interface Tree {
  readonly tag: string;
  /** `data-key` marks one of several siblings, so that the browser keeps its element when others come and go. */
  readonly attributes: Readonly<Record<string, string>>;
  /** No two texts are neighbors, and none is empty, as in a parsed document. */
  readonly children: readonly (Tree | string)[];
}

/** What an element may contain; null is nothing. */
export type Content = Tree | string | number | null | readonly Content[];

/** An attribute that is true has no value; one that is false or null is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** An element. Control and format characters of texts and attributes are shown as `\u{NNNN}`. */
export function el(tag: string, attributes: Attributes, ...content: Content[]): Tree {
  const visible = (text: string) =>
    text.replace(
      /[\p{C}\p{Zl}\p{Zp}]/gu,
      (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
    );
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) shown[name] = value === true ? "" : visible(`${value}`);
  }
  const children: (Tree | string)[] = [];
  const add = (part: Content): void => {
    if (part === null || part === "") return;
    if (Array.isArray(part)) return part.forEach(add);
    if (typeof part === "object") return void children.push(part as Tree);
    const last = children.at(-1);
    const text = visible(`${part}`);
    if (typeof last === "string") children[children.length - 1] = last + text;
    else children.push(text);
  };
  add(content);
  return { tag, attributes: shown, children };
}

/** The tree as HTML. Tags and names of attributes are ours; values and texts are escaped. */
export function toHtml(tree: Tree | string): string {
  if (typeof tree === "string") return escapeHtml(tree);
  const attributes = Object.entries(tree.attributes).map(([name, value]) =>
    value === "" ? ` ${name}` : ` ${name}="${escapeHtml(value)}"`
  );
  const start = `<${tree.tag}${attributes.join("")}>`;
  if (VOID.includes(tree.tag)) return start;
  return `${start}${tree.children.map(toHtml).join("")}</${tree.tag}>`;
}

/** For text between tags and for values in double quotes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const VOID = ["br", "input"];
