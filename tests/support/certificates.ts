/** Certificates for tests, made anew and put into files of their own. */

import { makeSelfSigned } from "../../src/x509/self_signed.ts";

/** A PEM file that is removed with `using`. */
export interface PemFile extends Disposable {
  readonly path: string;
  /** All of the file. */
  readonly text: string;
  /** The certificate alone: what a client must trust. */
  readonly certificate: string;
}

let shared: Promise<string> | undefined;

/** A P-256 certificate for localhost, 127.0.0.1 and ::1 with its key. Made once per test run. */
export async function temporaryPem(): Promise<PemFile> {
  shared ??= makeSelfSigned("localhost", new Date());
  return pemFile(await shared);
}

/** Puts PEM text into a file. */
export function pemFile(text: string): PemFile {
  const path = Deno.makeTempFileSync({ prefix: "stud-test-", suffix: ".pem" });
  Deno.writeTextFileSync(path, text);
  Deno.chmodSync(path, 0o600);
  const end = "-----END CERTIFICATE-----";
  return {
    path,
    text,
    certificate: `${text.slice(0, text.indexOf(end) + end.length)}\n`,
    [Symbol.dispose]: () => Deno.removeSync(path),
  };
}
