/**
 * Finds the OCSP responses to staple: the file named for a certificate, or one in the directory of stored responses. A
 * stored one that is unusable causes a warning and does not stop the start.
 */

import { StartupError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { PlannedCertificate } from "./planned_certificate.ts";
import { checkOcspResponse, hitchResponseName, OcspResponseError } from "../ocsp/response.ts";
import { inCommand } from "../x509/other_formats.ts";
import { toBase64 } from "../wire/base64.ts";
import type { HeldContent } from "./held_content.ts";

/** A certificate, and what the operator should know about its response. */
export interface WithResponse {
  readonly certificate: PlannedCertificate;
  readonly warning: string | undefined;
}

/** A directory of stored responses. */
export class StoredResponses {
  readonly #directory: string;
  readonly #names: ReadonlySet<string>;

  constructor(directory: string, names: Iterable<string>) {
    this.#directory = directory;
    this.#names = new Set(names);
  }

  /**
   * The path of the response for a PEM file, or undefined: hitch's name for it, or the file's own name with `.ocsp`
   * appended or instead of its extension.
   */
  pathFor(pemFile: string): string | undefined {
    if (this.#names.size === 0) return undefined;
    const base = pemFile.slice(pemFile.lastIndexOf("/") + 1);
    const names = [
      hitchResponseName(pemFile),
      `${base}.ocsp`,
      `${base.replace(/\.[^.]*$/, "")}.ocsp`,
    ];
    const found = names.find((name) => this.#names.has(name));
    return found && `${this.#directory.replace(/\/$/, "")}/${found}`;
  }
}

/** What of the platform is needed, and whether signatures are to be verified. */
export interface ResponseReader extends Pick<Runtime, "files" | "clock"> {
  readonly verify: boolean;
}

/**
 * Adds the response that the operator has named for a certificate, unless it is outdated. If it cannot be read or is
 * for another certificate, that is a {@linkcode StartupError} at the start. Later the response that the file held
 * before is still stapled, if there is one.
 */
export async function addNamedResponse(
  certificate: PlannedCertificate,
  path: string,
  reader: ResponseReader,
  held: HeldContent,
): Promise<WithResponse> {
  const named = { ...certificate, ocspOrigin: { isNamed: true, nextUpdate: undefined } };
  const isTimely = ({ nextUpdate }: Response) =>
    nextUpdate === undefined || nextUpdate > reader.clock.date();
  try {
    const what = `OCSP response ${path} ${certificate.fingerprint}`;
    const work = () => readNamedResponse(certificate, path, reader);
    return withResponse(named, await held.read(what, work, isTimely));
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    if (error.cause instanceof OcspResponseError && error.cause.kind === "untimely") {
      return without(named, path, error.cause);
    }
    if (held.isFirst) throw error;
    return {
      certificate: named,
      warning: `${error.message}; nothing is stapled for ${certificate.source}`,
    };
  }
}

async function readNamedResponse(
  certificate: PlannedCertificate,
  path: string,
  reader: ResponseReader,
): Promise<Response> {
  try {
    return await readResponse(certificate, path, reader);
  } catch (error) {
    if (!(error instanceof OcspResponseError)) throw error;
    throw new StartupError(`${path}: ${error.message}; it is named for ${certificate.source}`, {
      cause: error,
    });
  }
}

/** Adds a stored response, if it is usable. */
export async function addStoredResponse(
  certificate: PlannedCertificate,
  path: string,
  reader: ResponseReader,
): Promise<WithResponse> {
  try {
    return withResponse(certificate, await readResponse(certificate, path, reader));
  } catch (error) {
    if (error instanceof OcspResponseError) return without(certificate, path, error);
    if (!(error instanceof StartupError)) throw error;
    return {
      certificate,
      warning: `${error.message}; nothing is stapled for ${certificate.source}`,
    };
  }
}

function without(
  certificate: PlannedCertificate,
  path: string,
  { message }: OcspResponseError,
): WithResponse {
  const warning = `${path}: ${message}; nothing is stapled for ${certificate.source}`;
  return { certificate, warning };
}

/** A response that fits its certificate. */
interface Response {
  /** In base64. */
  readonly ocspResponse: string;
  readonly nextUpdate: Date | undefined;
}

async function readResponse(
  certificate: PlannedCertificate,
  path: string,
  { files, clock, verify }: ResponseReader,
): Promise<Response> {
  const bytes = await files.readBytes(path);
  if (bytes[0] !== SEQUENCE) throw new OcspResponseError(notDer(bytes, path), "unusable");
  const check = { now: clock.date(), signature: verify };
  const { nextUpdate } = checkOcspResponse(bytes, certificate.certificateChain, check);
  return { ocspResponse: toBase64(bytes), nextUpdate };
}

function withResponse(
  certificate: PlannedCertificate,
  { ocspResponse, nextUpdate }: Response,
): WithResponse {
  const ocspOrigin = { isNamed: false, ...certificate.ocspOrigin, nextUpdate };
  return { certificate: { ...certificate, ocspResponse, ocspOrigin }, warning: undefined };
}

/** Some programs write a response as text. */
function notDer(bytes: Uint8Array, path: string): string {
  const text = new TextDecoder().decode(bytes);
  const file = inCommand(path);
  const start = "not an OCSP response in DER";
  if (text.trim() === "") return "the file is empty";
  if (/^-----BEGIN OCSP RESPONSE-----/m.test(text)) {
    return `${start} but one in PEM; convert it: sed /-----/d ${file} | base64 -d > new.der`;
  }
  if (/^MI[A-Za-z0-9+/=\s]+$/.test(text)) {
    return `${start} but base64; convert it: base64 -d ${file} > new.der`;
  }
  return `${start}; openssl ocsp -respout writes one`;
}

const SEQUENCE = 0x30;
