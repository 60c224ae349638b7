/** Reads a line of logfmt as its readers do: strictly, so that a test notices whatever is ambiguous. */

/** The fields of a line, as texts. Throws if it is not logfmt. */
export function parseLogfmt(line: string): Record<string, string> {
  const fields: Record<string, string> = {};
  const field = /([a-z][a-z0-9_]*)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)(?: |$)/y;
  while (field.lastIndex < line.length) {
    const at = field.lastIndex;
    const [, name, value] = field.exec(line) ?? [];
    if (name === undefined) throw new Error(`not logfmt at ${at}: ${line}`);
    if (name in fields) throw new Error(`${name} twice: ${line}`);
    fields[name] = value!.startsWith('"') ? JSON.parse(value!) : value!;
  }
  return fields;
}
