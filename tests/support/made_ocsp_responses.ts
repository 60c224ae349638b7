/** OCSP responses (RFC 6960) that a test makes for itself, octet by octet; nothing signs them. */

/** What is particular to a response. */
export interface WantedResponse {
  /** In hexadecimal, of the certificate it is about. */
  readonly serialNumber: string;
  readonly status?: "good" | "revoked" | "unknown";
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
}

/** A response in DER. */
export function madeOcspResponse(wanted: WantedResponse): Uint8Array {
  const { serialNumber, status = "good", thisUpdate, nextUpdate } = wanted;
  const hash = der(0x04, new Uint8Array(20));
  const certificateId = der(
    0x30,
    algorithm("2b0e03021a"),
    hash,
    hash,
    der(0x02, hex(serialNumber)),
  );
  const certificateStatus = {
    good: () => der(0x80),
    revoked: () => der(0xa1, time(thisUpdate)),
    unknown: () => der(0x82),
  }[status]();
  const next = nextUpdate === undefined ? [] : [der(0xa0, time(nextUpdate))];
  const single = der(0x30, certificateId, certificateStatus, time(thisUpdate), ...next);
  const data = der(0x30, der(0xa2, hash), time(thisUpdate), der(0x30, single));
  const signature = der(0x03, new Uint8Array(9));
  const basic = der(0x30, data, algorithm("2a864886f70d01010b"), signature);
  const type = der(0x06, hex("2b0601050507300101"));
  return der(
    0x30,
    der(0x0a, new Uint8Array(1)),
    der(0xa0, der(0x30, type, der(0x04, basic))),
  );
}

/** A refusal, for example status 6, `unauthorized`. */
export function refusedOcspResponse(status: number): Uint8Array {
  return der(0x30, der(0x0a, new Uint8Array([status])));
}

/** One element of DER. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = parts.flatMap((part) => [...part]);
  const { length } = content;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return new Uint8Array([tag, ...size, ...content]);
}

function algorithm(identifier: string): Uint8Array {
  return der(0x30, der(0x06, hex(identifier)), der(0x05));
}

/** GeneralizedTime. */
function time(date: Date): Uint8Array {
  const text = date.toISOString().replace(/\.\d+/, "").replaceAll(/[-:T]/g, "");
  return der(0x18, new TextEncoder().encode(text));
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g)!, (pair) => parseInt(pair, 16));
}
