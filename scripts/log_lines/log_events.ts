/**
 * Checks the names of events (src/log/events.ts) against the source: every line has one, every name is used, and no two
 * lines share one. It also makes the list of them in docs/log.md.
 */

import ts from "typescript";
import { EVENT_OF_TEMPLATE, FIELD_NAMES, NAMED_EVENTS } from "../../src/log/events.ts";
import { sourceFiles } from "./log_page.ts";
import { logLine } from "./said.ts";
import { constantOf } from "./text_of.ts";

/** Where a line is logged. */
export interface EventCall {
  /** Path and line number. */
  readonly at: string;
  /** Undefined if it is made at run time. */
  readonly template: string | undefined;
  /** Whether the call names the event itself. */
  readonly isNamed: boolean;
}

/** Where one file logs, and the words in it that may be names of events. */
export interface EventUse {
  readonly calls: readonly EventCall[];
  readonly words: ReadonlySet<string>;
}

/** Reads one file. */
export function eventUse(path: string, source: string): EventUse {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const calls: EventCall[] = [];
  const words = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node)) words.add(node.text);
    const line = ts.isCallExpression(node) ? logLine(node) : undefined;
    if (line !== undefined && !isOwnCall(node as ts.CallExpression)) {
      const number = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const isNamed = (node as ts.CallExpression).arguments.slice(2).some(namesEvent);
      calls.push({ at: `${path}:${number}`, template: templateOf(line.message), isNamed });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { calls, words };
}

/** Reads every file of the source. */
export async function allEventCalls(source: URL): Promise<EventUse[]> {
  const uses: EventUse[] = [];
  for await (const file of sourceFiles(source)) {
    const path = file.pathname.slice(source.pathname.length);
    uses.push(eventUse(path, await Deno.readTextFile(file)));
  }
  return uses;
}

/** What is wrong with the names, in words; empty if nothing is. */
export function eventFaults(
  uses: readonly EventUse[],
  templates: ReadonlyMap<string, string> = EVENT_OF_TEMPLATE,
  named: Readonly<Record<string, string>> = NAMED_EVENTS,
): string[] {
  const calls = uses.flatMap((one) => one.calls);
  const nameless = calls.filter(({ template, isNamed }) =>
    !isNamed && (template === undefined || !templates.has(template))
  ).map(({ at, template }) => `no event in src/log/events.ts: src/${at}: ${template ?? "?"}`);
  const unused = [...templates.keys()]
    .filter((template) => !calls.some((one) => one.template === template && !one.isNamed))
    .map((template) => `no line has this template in src/log/events.ts any more: ${template}`);
  const neverNamed = Object.keys(named).filter((name) => !uses.some(({ words }) => words.has(name)))
    .map((name) => `no call names this event of src/log/events.ts: ${name}`);
  const names = [...templates.values(), ...Object.keys(named)];
  const odd = names.filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))
    .map((name) => `not a name in snake_case: ${name}`);
  const twice = names.filter((name, index) => names.indexOf(name) < index)
    .map((name) => `two events have this name: ${name}`);
  return [...nameless, ...unused, ...neverNamed, ...odd, ...twice];
}

/** The page with its list of all events. */
export function withEvents(page: string): string {
  const lines = [...EVENT_OF_TEMPLATE].map(([template, name]) => [name, template] as const);
  const all = [...lines, ...Object.entries(NAMED_EVENTS)]
    .sort(([one], [other]) => one < other ? -1 : 1);
  const width = Math.max(...all.map(([name]) => name.length));
  const list = all.map(([name, line]) => `${name.padEnd(width)}  ${withFieldNames(line)}`);
  const marks = /(<!-- events: [^>]*-->\n)[^]*?(<!-- end -->)/;
  return page.replace(
    marks,
    (_, start, end) => `${start}\n\`\`\`text\n${list.join("\n")}\n\`\`\`\n\n${end}`,
  );
}

function withFieldNames(line: string): string {
  return line.replace(/\{(\w+)\}/g, (_, name: string) => `{${FIELD_NAMES.get(name) ?? name}}`);
}

/** The log's own methods call each other with a level. */
function isOwnCall({ expression }: ts.CallExpression): boolean {
  return /^this\.#write$/.test(expression.getText());
}

/** An argument with an `event`, or one that only a variable tells. */
function namesEvent(node: ts.Node): boolean {
  if (!ts.isObjectLiteralExpression(node)) return true;
  return node.properties.some(({ name }) => name?.getText() === "event");
}

/** A text without parts that are known only at run time. */
function templateOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isParenthesizedExpression(node)) return templateOf(node.expression);
  if (ts.isBinaryExpression(node)) {
    const [left, right] = [templateOf(node.left), templateOf(node.right)];
    return left === undefined || right === undefined ? undefined : left + right;
  }
  const constant = ts.isIdentifier(node) ? constantOf(node) : undefined;
  return constant && templateOf(constant);
}
