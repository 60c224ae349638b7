/** Chooses what a backend receives before the first byte of plaintext. */

import type { PrefaceSettings } from "../config/settings.ts";
import type { ClientCertificate, Negotiated, PendingClient, SecureClient } from "../tls/engine.ts";
import { encodeIpPreface, encodeProxyV1 } from "../wire/preface.ts";
import { LONGEST_PROXY_HEADER } from "../wire/proxy_header.ts";
import { encodeProxyV2, type ProxyV2Facts, type ProxyV2Tls } from "../wire/proxy_v2.ts";

/** The facts about a client that prefaces are made of. */
export type PrefaceClient = Pick<PendingClient, "pair" | "serverName" | "takeProxyHeader">;

/**
 * Encodes the preface of one connection, or returns undefined if there is none. Addresses and other facts are
 * looked up only when the preface needs them.
 */
export type EncodePreface = (
  client: PrefaceClient,
  secure: Pick<SecureClient, "negotiated">,
) => Uint8Array | undefined;

/** Called once, with a message for operators, when a header had no room for everything. */
export type OnOmitted = (line: string) => void;

/** The encoder for one kind of preface. */
export function prefaceEncoder(settings: PrefaceSettings, onOmitted: OnOmitted): EncodePreface {
  switch (settings.kind) {
    case "none":
      return () => undefined;
    case "ip":
      return ({ pair }) => encodeIpPreface(pair.peer);
    case "proxy-v1":
      return ({ pair }) => encodeProxyV1(pair.peer, pair.local);
    case "proxy-v2":
      return proxyV2Encoder(settings, onOmitted);
    case "proxy-proxy":
      return (client) => client.takeProxyHeader?.();
  }
}

function proxyV2Encoder(settings: PrefaceSettings, onOmitted: OnOmitted): EncodePreface {
  let told = false;
  return (client, { negotiated }) => {
    const { bytes, omitted } = encodeProxyV2(proxyV2Facts(client, negotiated, settings));
    if (omitted.length > 0 && !told) {
      told = true;
      onOmitted(tooLong(omitted));
    }
    return bytes;
  };
}

function tooLong(omitted: readonly string[]): string {
  const most = `${LONGEST_PROXY_HEADER >> 10} KiB`;
  return `the PROXY header is longer than ${most}, so it is sent without ` +
    `${omitted.join(", ")}; later ones are not logged`;
}

function proxyV2Facts(
  { pair, serverName }: PrefaceClient,
  negotiated: Negotiated | undefined,
  { tlv, authority, clientCertificate }: PrefaceSettings,
): ProxyV2Facts {
  return {
    client: pair.peer,
    server: pair.local,
    alpn: negotiated?.alpn,
    // The name as used to choose the certificate: lower case, no dot at the end.
    authority: authority ? serverName : undefined,
    clientCertificate: clientCertificate ? negotiated?.clientCertificate?.pem : undefined,
    tls: tlv && negotiated !== undefined ? proxyV2Tls(negotiated) : undefined,
  };
}

function proxyV2Tls({ certificate, clientCertificate, ...negotiated }: Negotiated): ProxyV2Tls {
  return {
    version: negotiated.protocol,
    cipher: negotiated.cipher,
    certificateIn: placeOf(clientCertificate, negotiated.resumed),
    verifyResult: clientCertificate?.verifyResult ?? 0,
    commonName: clientCertificate?.commonName,
    // Both describe the frontend's certificate, not the client's (section 2.2.6).
    signatureAlgorithm: certificate?.signature,
    keyAlgorithm: certificate?.key,
  };
}

function placeOf(certificate: ClientCertificate | undefined, resumed: boolean) {
  if (certificate === undefined) return "none";
  return resumed ? "session" : "connection";
}
