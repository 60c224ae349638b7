/**
 * The secret that session ticket keys are derived from: a file that machines share, or one made for this run. It goes
 * to the workers in memory, so that they need not be able to read the file.
 */

import { StartupError } from "../errors.ts";
import type { Files } from "../runtime/runtime.ts";
import { randomTicketSecret } from "../tls/ticket_keys.ts";
import { toBase64 } from "../wire/base64.ts";
import { fileModeWarnings } from "./file_mode.ts";

/** The secret, and what the operator should know about its file. */
export interface TicketSecret {
  /** In base64. */
  readonly secret: string;
  /** Lines for the log, each starting with the file. */
  readonly warnings: string[];
}

/**
 * Reads the secret from a file of any bytes. Without a path it is the secret made before, or a new one. One newline at
 * the end is not part of it, so that a copy made with an editor is the same secret. Throws {@linkcode StartupError}.
 */
export async function readTicketSecret(
  path: string | undefined,
  runtime: { readonly files: Pick<Files, "readBytes" | "mode"> },
  former?: string,
): Promise<TicketSecret> {
  if (path === undefined) {
    return { secret: former ?? toBase64(randomTicketSecret()), warnings: [] };
  }
  const bytes = await runtime.files.readBytes(path, MAX_BYTES);
  const secret = bytes.subarray(0, bytes.length - newlineBytes(bytes));
  if (secret.length < MIN_BYTES) {
    const newline = secret.length < bytes.length ? ", the newline at its end not counted" : "";
    throw new StartupError(
      `${path}: a ticket secret needs at least ${MIN_BYTES} bytes, and this one has ` +
        `${secret.length}${newline}; make one with: openssl rand 48 > ${path}`,
    );
  }
  if (secret.every((byte) => byte === secret[0])) {
    throw new StartupError(
      `${path}: this ticket secret repeats one byte, which anyone can guess; make one with: ` +
        `openssl rand 48 > ${path}`,
    );
  }
  const what = "anyone who knows the secret in it can decrypt sessions";
  return { secret: toBase64(secret), warnings: await fileModeWarnings(runtime.files, path, what) };
}

/** The length of the newline at the end: LF, CR LF, or none. */
function newlineBytes(bytes: Uint8Array): number {
  if (bytes.at(-1) !== LINE_FEED) return 0;
  return bytes.at(-2) === CARRIAGE_RETURN ? 2 : 1;
}

const MIN_BYTES = 32;
const MAX_BYTES = 1 << 20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
