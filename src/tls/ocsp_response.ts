/**
 * Looks at stored OCSP responses (RFC 6960) before they are stapled: whose they are, what they say, until
 * when. Signatures are left to the clients, who check them anyway.
 */

import { createHash } from "node:crypto";
import { parsePem, pemOctets } from "../wire/pem.ts";
import { certificateFields } from "./certificate_fields.ts";

/** Thrown for a response that is no use for the certificate; the message says why. */
export class OcspResponseError extends Error {
  override readonly name = "OcspResponseError";
}

/**
 * Checks that a response (DER) is about the first certificate of a chain (PEM), and says that it is good.
 * Returns the time until which that holds, or undefined if the response does not say. Throws
 * {@linkcode OcspResponseError}.
 */
export async function checkOcspResponse(
  response: Uint8Array,
  certificateChain: string,
): Promise<Date | undefined> {
  const [leaf] = parsePem(certificateChain);
  const serialNumber = hex(certificateFields(pemOctets(leaf!)).serialNumber);
  const single = (await singleResponses(response))
    .find(({ certID }) => hex(new Uint8Array(certID.serialNumber)) === serialNumber);
  if (single === undefined) {
    throw new OcspResponseError(
      `the OCSP response is not about this certificate (serial number ${serialNumber})`,
    );
  }
  const { revoked, good } = single.certStatus;
  if (revoked !== undefined) {
    throw new OcspResponseError("the OCSP response says that the certificate is revoked");
  }
  if (good === undefined) {
    throw new OcspResponseError("the OCSP response says that the certificate is unknown");
  }
  return single.nextUpdate;
}

/** The name under which hitch stores the response for a PEM file: MD5 of its path, as configured. */
export function hitchResponseName(path: string): string {
  return createHash("md5").update(path).digest("hex");
}

async function singleResponses(response: Uint8Array) {
  // Loaded only here: most starts of the program have no response.
  const { AsnConvert } = await import("@peculiar/asn1-schema");
  const ocsp = await import("@peculiar/asn1-ocsp");
  let status: number;
  try {
    const outer = AsnConvert.parse(response, ocsp.OCSPResponse);
    status = outer.responseStatus;
    if (status === ocsp.OCSPResponseStatus.successful && outer.responseBytes !== undefined) {
      const basic = AsnConvert.parse(outer.responseBytes.response, ocsp.BasicOCSPResponse);
      return basic.tbsResponseData.responses;
    }
  } catch (error) {
    throw new OcspResponseError("not an OCSP response in DER", { cause: error });
  }
  const meaning = ocsp.OCSPResponseStatus[status] ?? "unknown";
  throw new OcspResponseError(
    `the OCSP responder refused to answer (${meaning}, status ${status})`,
  );
}

function hex(octets: Uint8Array): string {
  return [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}
