/**
 * Determines the text that an expression produces: its words unchanged, and a NAME for each part that is known only at
 * run time. `[…]` is optional, and ` / ` separates alternatives. It never guesses: an expression without any text of
 * its own is one NAME.
 */

import ts from "typescript";

/** The text of an expression. `values` is the object whose properties replace `{name}` in a log's template. */
export function textOf(node: ts.Expression, values?: ts.ObjectLiteralExpression): string {
  return new Reader(values).read(node).replace(/\s*\n\s*/g, " ").trim();
}

/** Whether an expression is a text, or is composed of texts. */
export function isText(node: ts.Node): node is ts.Expression {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return true;
  if (ts.isParenthesizedExpression(node)) return isText(node.expression);
  if (ts.isConditionalExpression(node)) return isText(node.whenTrue) || isText(node.whenFalse);
  if (!ts.isBinaryExpression(node)) return false;
  const { kind } = node.operatorToken;
  if (kind === ts.SyntaxKind.QuestionQuestionToken) return isText(node.right);
  return kind === ts.SyntaxKind.PlusToken && (isText(node.left) || isText(node.right));
}

/** The initial value of the constant in the same file that a name refers to, if it can be determined. */
export function constantOf(name: ts.Identifier): ts.Expression | undefined {
  for (let scope: ts.Node | undefined = name.parent; scope !== undefined; scope = scope.parent) {
    if (ts.isFunctionLike(scope) && scope.parameters.some((one) => declares(one.name, name.text))) {
      return undefined;
    }
    if (!ts.isBlock(scope) && !ts.isSourceFile(scope) && !ts.isCaseClause(scope)) continue;
    for (const statement of scope.statements) {
      if (!ts.isVariableStatement(statement)) continue;
      const { declarationList: { declarations, flags } } = statement;
      const found = declarations.find((one) => declares(one.name, name.text));
      if (found === undefined) continue;
      const isConstant = (flags & ts.NodeFlags.Const) !== 0 && ts.isIdentifier(found.name);
      return isConstant ? found.initializer : undefined;
    }
  }
}

function declares(name: ts.BindingName, text: string): boolean {
  if (ts.isIdentifier(name)) return name.text === text;
  return name.elements.some((one) => ts.isBindingElement(one) && declares(one.name, text));
}

class Reader {
  readonly #values: ts.ObjectLiteralExpression | undefined;
  /** Constants that are being resolved: in an inner scope, a constant may refer to one of the same name. */
  readonly #under = new Set<ts.Node>();

  constructor(values?: ts.ObjectLiteralExpression) {
    this.#values = values;
  }

  read(node: ts.Expression): string {
    if (ts.isStringLiteralLike(node)) return this.#filled(node.text);
    if (ts.isNumericLiteral(node)) return String(Number(node.text));
    if (ts.isTemplateExpression(node)) {
      return node.templateSpans.reduce(
        (text, { expression, literal }) =>
          joined(text, this.read(expression)) + this.#filled(literal.text),
        this.#filled(node.head.text),
      );
    }
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) {
      return this.read(node.expression);
    }
    if (ts.isConditionalExpression(node)) {
      return either(this.read(node.whenTrue), this.read(node.whenFalse));
    }
    if (ts.isBinaryExpression(node)) return this.#binary(node);
    if (ts.isIdentifier(node)) return node.text === "undefined" ? "" : this.#identifier(node);
    if (ts.isCallExpression(node)) return this.#call(node);
    return nameOf(node);
  }

  #binary(node: ts.BinaryExpression): string {
    const { left, operatorToken: { kind }, right } = node;
    if (kind === ts.SyntaxKind.QuestionQuestionToken) {
      if (isText(left) && isText(right)) return either(this.read(left), this.read(right));
      return this.read(isText(right) ? right : left);
    }
    return isText(node) ? joined(this.read(left), this.read(right)) : "N";
  }

  #identifier(node: ts.Identifier): string {
    const value = constantOf(node);
    if (value === undefined || !isText(value) || this.#under.has(value)) return nameOf(node);
    this.#under.add(value);
    const text = this.read(value);
    this.#under.delete(value);
    return text;
  }

  #call(node: ts.CallExpression): string {
    const { expression, arguments: [number, one, many] } = node;
    if (!ts.isIdentifier(expression) || expression.text !== "counted") return nameOf(node);
    if (many !== undefined) return `N ${this.read(many)}`;
    return one === undefined ? nameOf(number!) : `N ${this.read(one)}s`;
  }

  /** A log's template, with the names or texts of its values. */
  #filled(text: string): string {
    return text.replace(/(\w)?(?:\{(\w+)\}|\$\d)/g, (_, before: string = "", name?: string) => {
      if (name === undefined) return `${before}NAME`;
      const value = this.#values?.properties.find((one) =>
        one.name !== undefined && ts.isIdentifier(one.name) && one.name.text === name
      );
      const given = value === undefined
        ? undefined
        : ts.isPropertyAssignment(value)
        ? value.initializer
        : ts.isShorthandPropertyAssignment(value)
        ? constantOf(value.name)
        : undefined;
      const said = given !== undefined && saysItself(given) ? this.read(given) : upper(name);
      return joined(before, said);
    });
  }
}

/** A part that follows a word without a space is optional. */
function joined(text: string, part: string): string {
  return /[a-z]$/.test(text) && /^[A-Z_]+$/.test(part) ? `${text}[${part}]` : text + part;
}

function saysItself(node: ts.Expression): boolean {
  if (!ts.isCallExpression(node)) return isText(node);
  return ts.isIdentifier(node.expression) && node.expression.text === "counted";
}

function either(one: string, other: string): string {
  if (one === other || other === "") return one === "" ? "" : other === "" ? `[${one}]` : one;
  return one === "" ? `[${other}]` : `${one} / ${other}`;
}

/** The name of a part: its last name, or that of its source. */
function nameOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return upper(node.text);
  if (ts.isPropertyAccessExpression(node)) return upper(node.name.text.replace("#", ""));
  if (
    ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node) || ts.isAwaitExpression(node)
  ) {
    return nameOf(node.expression);
  }
  if (ts.isElementAccessExpression(node)) {
    const { argumentExpression: at } = node;
    return ts.isNumericLiteral(at) ? nameOf(node.expression) : nameOf(at);
  }
  if (ts.isCallExpression(node)) {
    const { expression, arguments: given } = node;
    if (ts.isPropertyAccessExpression(expression)) {
      if (expression.name.text === "toISOString") return "DATE";
      return nameOf(expression.expression);
    }
    const [first] = given;
    return first !== undefined && !ts.isObjectLiteralExpression(first)
      ? nameOf(first)
      : nameOf(expression);
  }
  return ts.isBinaryExpression(node) || ts.isArrowFunction(node) ? "N" : "NAME";
}

/** Converts `camelCase` to the form of a NAME. */
function upper(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
}
