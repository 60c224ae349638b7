/** A certificate as a plan has it: checked, with what the operator said about it. */

import type { StaplableCertificate } from "../ocsp/stapling_plan.ts";
import type { ClientRules } from "../tls/tls_configuration.ts";
import type { CertificateFile, CheckedCertificate } from "../x509/certificate_file.ts";

/** What belongs to a certificate but is in other files. */
interface Besides extends Pick<StaplableCertificate, "ocspResponse" | "ocspOrigin"> {
  /** Rules for the clients of this certificate instead of the general ones. */
  readonly clientRules?: ClientRules;
}

/** A certificate that fits its key. */
export interface PlannedCertificate extends CheckedCertificate, Besides {}

/** A certificate whose key has not been found yet. */
export interface PlannedFile extends CertificateFile, Besides {}
