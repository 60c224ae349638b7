/**
 * Finds in the source everything that stud can log: the lines of log calls, and the texts that such lines are composed
 * of. It reads syntax trees, wherever the files are.
 */

import ts from "typescript";
import { isText, textOf } from "./text_of.ts";

/** A text in the source. */
export interface Said {
  readonly text: string;
  /** A whole line of the log, or a part that lines are composed of. */
  readonly kind: "line" | "part";
  /** For lines: a level, or `any` if it is chosen at run time. */
  readonly level?: string;
  /** The class of error whose message it is. */
  readonly error?: string;
}

/** Everything that one file can log. Texts of one or two words are left out: they are names, or parts of sentences. */
export function saidIn(path: string, source: string): Said[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: Said[] = [];
  visit(file, found);
  return found;
}

function visit(node: ts.Node, found: Said[]): void {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
  const line = ts.isCallExpression(node) ? logLine(node) : undefined;
  if (line !== undefined) {
    const text = textOf(line.message, line.values);
    if (hasWords(text)) found.push({ text, kind: "line", level: line.level });
    const rest = (node as ts.CallExpression).arguments.filter((one) => one !== line.message);
    for (const one of rest) visit(one, found);
    return;
  }
  if (isText(node)) {
    if (isConstantPart(node) || isReasonOfCalls(node)) return;
    const text = textOf(node);
    const error = errorOf(node);
    if (isSentence(text)) found.push({ text, kind: "part", ...error && { error } });
    else if (!ts.isStringLiteralLike(node)) ts.forEachChild(node, (child) => visit(child, found));
    return;
  }
  ts.forEachChild(node, (child) => visit(child, found));
}

/** A call that logs a line. */
export interface LogLine {
  readonly level: string;
  readonly message: ts.Expression;
  readonly values?: ts.ObjectLiteralExpression;
}

/** `log.warning(message, values)`, `log[level](…)`, or any call whose first arguments are a level's name and a text. */
export function logLine({ expression, arguments: given }: ts.CallExpression): LogLine | undefined {
  const [first, second] = given;
  if (first === undefined) return undefined;
  const values = second && ts.isObjectLiteralExpression(second) ? { values: second } : {};
  if (ts.isPropertyAccessExpression(expression) && isLog(expression.expression)) {
    const level = expression.name.text;
    return LEVELS.has(level) ? { level, message: first, ...values } : undefined;
  }
  if (ts.isElementAccessExpression(expression) && isLog(expression.expression)) {
    const { argumentExpression: at } = expression;
    const names = ts.isConditionalExpression(at) ? [at.whenTrue, at.whenFalse] : [];
    const levels = names.filter(ts.isStringLiteral).map((one) => one.text);
    return { level: levels.join(", ") || "any", message: first, ...values };
  }
  if (second !== undefined && ts.isStringLiteral(first) && LEVELS.has(first.text)) {
    return isText(second) ? { level: first.text, message: second } : undefined;
  }
}

function isLog(node: ts.Expression): boolean {
  return /(^|[.#])log(ger)?$/i.test(node.getText());
}

/** The class whose message a text is: `new StartupError(text)`. */
function errorOf(node: ts.Node): string | undefined {
  for (let at = node; at.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (ts.isNewExpression(parent) && /Error$|Refused$/.test(parent.expression.getText())) {
      return parent.expression.getText();
    }
    if (!isText(parent) && !ts.isSpreadElement(parent)) return undefined;
  }
}

/** Whether it is the beginning of other texts of the same file, which then contain it. */
function isConstantPart({ parent }: ts.Node): boolean {
  if (!ts.isVariableDeclaration(parent) || !ts.isIdentifier(parent.name)) return false;
  const { name } = parent;
  let isPart = false;
  const look = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === name.text && node !== name) {
      const { parent: user } = node;
      isPart ||= ts.isTemplateSpan(user) || ts.isBinaryExpression(user) && isText(user);
    }
    ts.forEachChild(node, look);
  };
  look(name.getSourceFile());
  return isPart;
}

/** Why the sandbox allows some system calls: text for readers of the source. */
function isReasonOfCalls({ parent }: ts.Node): boolean {
  return ts.isPropertyAssignment(parent) && parent.name.getText() === "reason" &&
    parent.parent.properties.some((one) => one.name?.getText() === "calls");
}

/** At least three words, or a NAME and two. */
function isSentence(text: string): boolean {
  return (text.match(/[A-Za-z][A-Za-z'-]*/g) ?? []).length >= 3 &&
    /[a-z] [a-z]|[A-Z]: |[a-z] [A-Z]/.test(text);
}

function hasWords(text: string): boolean {
  return /[a-z]{2}/.test(text) && !LEVELS.has(text);
}

const LEVELS: ReadonlySet<string> = new Set(["debug", "info", "warning", "error"]);
