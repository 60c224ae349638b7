/** Certificates that clients show. */

import { type PemFile, pemFile } from "./certificates.ts";
import { runTool } from "./tool_process.ts";

/** A certificate that is its own authority, with its key. Made by the program openssl. */
export async function clientCertificate(name: string): Promise<PemFile> {
  using file = pemFile("");
  const made = await runTool("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-subj", `/CN=${name}`, "-days", "2", "-keyout", file.path],
  ]);
  if (made.status?.code !== 0) throw new Error(made.report());
  return pemFile(made.stdout + Deno.readTextFileSync(file.path));
}
