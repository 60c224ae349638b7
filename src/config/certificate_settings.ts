/**
 * What the operator said about certificates, stud's own and those of clients, and what of it belongs
 * together or excludes each other. No file is looked at.
 */

import { UsageError } from "../errors.ts";
import { splitCertificate } from "./address.ts";
import { allowedClients } from "./client_settings.ts";
import type { OptionName } from "./options.ts";
import { quote } from "./quote.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { lastValue } from "./raw_values.ts";
import type { ClientVerify, PemFileSetting, Settings } from "./settings.ts";

/** The part of the settings that is about certificates. */
export type CertificateSettings = Pick<
  Settings,
  | "pemDir"
  | "pemDirGlob"
  | "privateKeys"
  | "selfSigned"
>;

/**
 * Settles what is served, and whom clients must be from.
 *
 * @throws UsageError for options that exclude each other, or that lack another
 */
export function certificateSettings(values: RawValues): CertificateSettings {
  checkSources(values);
  const text = (name: OptionName) => lastValue(name, values) as string | undefined;
  return {
    pemDir: text("pem-dir"),
    pemDirGlob: text("pem-dir-glob"),
    privateKeys: (values.get("private-key") ?? []).map((raw) => raw.text),
    selfSigned: text("self-signed"),
  };
}

/** A certificate must come from somewhere, but not both from files and from memory. */
function checkSources(values: RawValues): void {
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

/** The certificates that one value of `frontend` names for itself. */
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
  const value = (name: OptionName) => block.has(name) ? lastValue(name, block) : undefined;
  const privateKey = last("private-key");
  const ocspResponse = last("ocsp-resp-file");
  const clientVerify = value("client-verify") as ClientVerify | undefined;
  const clientVerifyCa = last("client-verify-ca");
  const clientVerifyCrl = last("client-verify-crl");
  const clients = allowedClients(block);
  const ocspVerifyStaple = value("ocsp-verify-staple") as boolean | undefined;
  return {
    certificate: text,
    ...privateKey && { privateKey },
    ...ocspResponse && { ocspResponse },
    ...ocspVerifyStaple !== undefined && { ocspVerifyStaple },
    ...clientVerify && { clientVerify },
    ...clientVerifyCa && { clientVerifyCa },
    ...clientVerifyCrl && { clientVerifyCrl },
    ...clients && { allowedClients: clients },
  };
}

/** As scripts may look for it. */
const HITCHS_COMPLAINT = "No x509 certificate PEM file specified for frontend 'default'!";
