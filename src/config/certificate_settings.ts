/**
 * What the operator set for certificates, stud's own and those of clients, and which options need or exclude each
 * other. It reads no file.
 */

import { UsageError } from "../errors.ts";
import { splitCertificate } from "./address.ts";
import { allowedClients } from "./client_settings.ts";
import type { OptionName } from "./options.ts";
import { quote } from "../wire/escape.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { lastValue } from "./raw_values.ts";
import { givenGroups } from "./setting_groups.ts";
import type { PemFileSetting } from "./settings.ts";

/**
 * Checks that certificates come from somewhere, but not from both files and memory.
 *
 * @throws UsageError for options that exclude each other, or that need another one
 */
export function checkSources(values: RawValues): void {
  const selfSigned = values.get("self-signed")?.at(-1);
  const files = [...values.get("pem-file") ?? [], ...values.get("pem-dir") ?? []];
  const frontends = (values.get("frontend") ?? []).map(ownPemFiles);
  const other = [...files, ...frontends.flat(), ...values.get("private-key") ?? []][0];
  if (selfSigned && other) {
    throw new UsageError(
      `${other.origin} ${quote(other.text)} and ${selfSigned.origin} exclude each other; give one`,
    );
  }
  const glob = values.get("pem-dir-glob")?.at(-1);
  if (glob && !values.has("pem-dir") && lastValue("compat", values) !== "hitch") {
    throw new UsageError(`${glob.origin} ${quote(glob.text)} has no effect without --pem-dir`);
  }
  const allOwn = frontends.length > 0 && frontends.every((own) => own.length > 0);
  const isNeeded = lastValue("client", values) !== true;
  if (isNeeded && !selfSigned && files.length === 0 && !allOwn) {
    if (lastValue("compat", values) === "hitch") throw new UsageError(HITCHS_COMPLAINT);
    throw new UsageError(
      "no PEM file given: add the file with certificate and private key as an argument, " +
        "or try stud with --self-signed",
    );
  }
}

/** The frontend's own certificates in one value of `frontend`. */
export function ownPemFiles({ text, origin, frontend }: RawValue): readonly RawValue[] {
  const { certificate } = splitCertificate(text);
  if (certificate === undefined) return frontend?.get("pem-file") ?? [];
  if (certificate !== "") return [{ text: certificate, origin }];
  throw new UsageError(`${origin}: ${quote(text)}: add the name of a PEM file after +`);
}

/** One value of `pem-file`. */
export function pemFileSetting({ text, block }: RawValue): PemFileSetting {
  if (block === undefined) return { certificate: text };
  const last = (name: OptionName) => block.get(name)?.at(-1)?.text;
  const privateKey = last("private-key");
  const ocspResponse = last("ocsp-resp-file");
  const given = givenGroups(block);
  const ocspVerifyStaple = given.ocsp?.verifyStaple;
  const allowed = allowedClients(block);
  const clients = { ...given.clients, ...allowed && { allowed } };
  return {
    certificate: text,
    ...privateKey && { privateKey },
    ...ocspResponse && { ocspResponse },
    ...ocspVerifyStaple !== undefined && { ocspVerifyStaple },
    ...Object.keys(clients).length > 0 && { clients },
  };
}

/** Scripts may search for it. */
const HITCHS_COMPLAINT = "No x509 certificate PEM file specified for frontend 'default'!";
