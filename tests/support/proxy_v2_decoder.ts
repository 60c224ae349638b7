/**
 * Takes headers of PROXY protocol version 2 apart, written from the protocol's text (haproxy.org,
 * proxy-protocol.txt section 2.2) and from nothing of stud's. It throws at whatever is not as the text says.
 */

/** A header that was taken apart. */
export interface DecodedProxyV2 {
  readonly command: "LOCAL" | "PROXY";
  /** The 14th octet. */
  readonly family: number;
  /** `ADDRESS PORT`; IPv6 as eight groups without leading zeros. */
  readonly source: string | undefined;
  readonly destination: string | undefined;
  readonly tlvs: readonly { readonly type: number; readonly value: Uint8Array }[];
  readonly ssl: DecodedSsl | undefined;
  /** Octets of the header. What was given may have more. */
  readonly length: number;
}

/** The value of PP2_TYPE_SSL. */
export interface DecodedSsl {
  readonly flags: number;
  readonly verify: number;
  readonly subTlvs: readonly (readonly [type: number, value: string])[];
}

/** Decodes the header that octets begin with. */
export function decodeProxyV2(bytes: Uint8Array): DecodedProxyV2 {
  const signature = "0d0a0d0a000d0a515549540a";
  if (hex(bytes.subarray(0, 12)) !== signature) throw new Error(`not a header: ${hex(bytes)}`);
  const command = { 0x20: "LOCAL", 0x21: "PROXY" }[bytes[12]!] as "LOCAL" | "PROXY" | undefined;
  if (command === undefined) throw new Error(`version and command ${bytes[12]}`);
  const family = bytes[13]!;
  const length = 16 + bytes[14]! * 256 + bytes[15]!;
  if (length > bytes.length) throw new Error(`${bytes.length} of ${length} octets`);
  const body = bytes.subarray(16, length);
  const size = { 0x00: 0, 0x11: 4, 0x21: 16 }[family];
  if (size === undefined) throw new Error(`family ${family}`);
  const end = size === 0 ? 0 : 2 * size + 4;
  if (body.length < end) throw new Error("the addresses are cut");
  const tlvs = decodeTlvs(body.subarray(end));
  const ssl = tlvs.find(({ type }) => type === 0x20);
  return {
    command,
    family,
    source: end === 0 ? undefined : `${host(body.subarray(0, size))} ${word(body, 2 * size)}`,
    destination: end === 0
      ? undefined
      : `${host(body.subarray(size, 2 * size))} ${word(body, 2 * size + 2)}`,
    tlvs,
    ssl: ssl && decodeSsl(ssl.value),
    length,
  };
}

/** The text in a TLV of a type, or undefined. */
export function tlvText({ tlvs }: DecodedProxyV2, type: number): string | undefined {
  const found = tlvs.find((tlv) => tlv.type === type);
  return found && new TextDecoder().decode(found.value);
}

function decodeTlvs(bytes: Uint8Array) {
  const tlvs: { type: number; value: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 3 > bytes.length) throw new Error("a TLV is cut");
    const end = at + 3 + word(bytes, at + 1);
    if (end > bytes.length) throw new Error("a TLV is longer than what holds it");
    tlvs.push({ type: bytes[at]!, value: bytes.subarray(at + 3, end) });
    at = end;
  }
  return tlvs;
}

function decodeSsl(value: Uint8Array): DecodedSsl {
  if (value.length < 5) throw new Error("PP2_TYPE_SSL is cut");
  return {
    flags: value[0]!,
    verify: word(value, 1) * 65_536 + word(value, 3),
    subTlvs: decodeTlvs(value.subarray(5)).map((tlv) =>
      [tlv.type, new TextDecoder("utf-8", { fatal: true }).decode(tlv.value)] as const
    ),
  };
}

function host(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  return [0, 2, 4, 6, 8, 10, 12, 14].map((at) => word(bytes, at).toString(16)).join(":");
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]!;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
