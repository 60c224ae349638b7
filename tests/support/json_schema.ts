/** Checks a value against the part of JSON Schema (2020-12) that stud's own schemas use. */

/** A schema, with nothing else in it than this. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** What is wrong with a value, a line for each fault; empty if nothing is. */
export function schemaFaults(schema: Schema, value: unknown, root = schema, at = "$"): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace("#/$defs/", "");
    const target = root.$defs?.[name];
    return target === undefined ? [`${at}: no ${name}`] : schemaFaults(target, value, root, at);
  }
  const faults: string[] = [];
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    return [`${at}: ${JSON.stringify(value)} is not ${types.join(" or ")}`];
  }
  if (schema.const !== undefined && value !== schema.const) faults.push(`${at}: not the constant`);
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    faults.push(`${at}: ${JSON.stringify(value)} is none of ${schema.enum.join(", ")}`);
  }
  if (typeof value === "number") {
    if (value < (schema.minimum ?? -Infinity)) faults.push(`${at}: ${value} is too small`);
    if (value > (schema.maximum ?? Infinity)) faults.push(`${at}: ${value} is too large`);
  }
  if (typeof value === "string" && schema.pattern && !new RegExp(schema.pattern).test(value)) {
    faults.push(`${at}: ${JSON.stringify(value)} does not match`);
  }
  if (Array.isArray(value) && schema.items !== undefined) {
    value.forEach((item, index) =>
      faults.push(...schemaFaults(schema.items!, item, root, `${at}[${index}]`))
    );
  } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    faults.push(...objectFaults(schema, value as Record<string, unknown>, root, at));
  }
  return faults;
}

function objectFaults(
  { properties = {}, required = [], additionalProperties = true }: Schema,
  value: Readonly<Record<string, unknown>>,
  root: Schema,
  at: string,
): string[] {
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  return [
    ...missing.map((name) => `${at}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, each]) => {
      const known = properties[name];
      if (known !== undefined) return schemaFaults(known, each, root, `${at}.${name}`);
      if (additionalProperties === true) return [];
      if (additionalProperties === false) return [`${at}.${name} is not in the schema`];
      return schemaFaults(additionalProperties, each, root, `${at}.${name}`);
    }),
  ];
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    default:
      throw new Error(`no such type: ${type}`);
  }
}
