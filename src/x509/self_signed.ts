/**
 * Makes a certificate for `--self-signed`, in memory. It is for tests: no client trusts it unless configured to. The
 * few fields that such a certificate needs are encoded here (RFC 5280); Web Crypto makes the key and the signature.
 */

import { DerTag, encodeDer } from "./der.ts";
import { encodeDerTime } from "./der_time.ts";
import { isIpAddress, parseIpAddress } from "../wire/ip_address.ts";
import { formatPem } from "./pem.ts";

/**
 * Makes a self-signed P-256 certificate for a DNS name or an IP address, valid from an hour before `now` for
 * a year, as PEM text: certificate, then key. `localhost` also names the loopback addresses.
 */
export async function makeSelfSigned(name: string, now: Date): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey));
  const body = certificateBody(name, now, publicKey);
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, keys.privateKey, body));
  const certificate = sequence(body, ECDSA_WITH_SHA256, bitString(signatureValue(signature)));
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return formatPem("CERTIFICATE", certificate) + formatPem("PRIVATE KEY", key);
}

/** RFC 5280 section 4.1: TBSCertificate. */
function certificateBody(name: string, now: Date, publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const subject = distinguishedName(name);
  return sequence(
    encodeDer(VERSION, integer(Uint8Array.of(V3))),
    integer(crypto.getRandomValues(new Uint8Array(16))),
    ECDSA_WITH_SHA256,
    subject,
    sequence(
      encodeDerTime(new Date(now.getTime() - HOUR)),
      encodeDerTime(new Date(now.getTime() + YEAR)),
    ),
    subject,
    publicKey,
    encodeDer(EXTENSIONS, sequence(...extensions(name))),
  );
}

/** For a server only; not an authority. */
function extensions(name: string): Uint8Array[] {
  return [
    extension(BASIC_CONSTRAINTS, sequence(), CRITICAL),
    extension(KEY_USAGE, bitString(Uint8Array.of(DIGITAL_SIGNATURE), 7), CRITICAL),
    extension(EXTENDED_KEY_USAGE, sequence(oid(SERVER_AUTHENTICATION))),
    extension(SUBJECT_ALTERNATIVE_NAME, sequence(...alternativeNames(name))),
  ];
}

function alternativeNames(name: string): Uint8Array[] {
  const own = isIpAddress(name)
    ? encodeDer(IP_ADDRESS, parseIpAddress(name))
    : encodeDer(DNS_NAME, ENCODER.encode(name));
  if (name !== "localhost") return [own];
  return [own, ...["127.0.0.1", "::1"].map((text) => encodeDer(IP_ADDRESS, parseIpAddress(text)))];
}

/**
 * Only the common name, cut to 64 characters (RFC 5280 appendix A.1): clients check the alternative name, which is
 * complete.
 */
function distinguishedName(name: string): Uint8Array {
  const value = encodeDer(UTF8_STRING, ENCODER.encode(name.slice(0, 64)));
  return sequence(encodeDer(DerTag.set, sequence(oid(COMMON_NAME), value)));
}

/** Converts Web Crypto's r and s, 32 bytes each, to the form of X.509 (RFC 3279 section 2.2.3). */
function signatureValue(signature: Uint8Array): Uint8Array {
  return sequence(integer(signature.subarray(0, 32)), integer(signature.subarray(32)));
}

function extension(id: readonly number[], value: Uint8Array, ...critical: Uint8Array[]) {
  return sequence(oid(id), ...critical, encodeDer(DerTag.octetString, value));
}

/** A non-negative number from its bytes, most significant first. */
function integer(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  const shortest = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return shortest[0]! < 0x80
    ? encodeDer(DerTag.integer, shortest)
    : encodeDer(DerTag.integer, Uint8Array.of(0), shortest);
}

function bitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return encodeDer(DerTag.bitString, Uint8Array.of(unused), bytes);
}

function oid(content: readonly number[]): Uint8Array {
  return encodeDer(DerTag.objectIdentifier, Uint8Array.from(content));
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return encodeDer(DerTag.sequence, ...parts);
}

const ENCODER = new TextEncoder();
const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** Context-specific tags of TBSCertificate and GeneralName. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const UTF8_STRING = 0x0c;
const V3 = 2;
const DIGITAL_SIGNATURE = 0x80;
const CRITICAL = encodeDer(0x01, Uint8Array.of(0xff));

/** 1.2.840.10045.4.3.2. */
const ECDSA_WITH_SHA256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
/** 2.5.4.3. */
const COMMON_NAME = [0x55, 0x04, 0x03];
/** 2.5.29.19, 15, 37 and 17. */
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13];
const KEY_USAGE = [0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE = [0x55, 0x1d, 0x25];
const SUBJECT_ALTERNATIVE_NAME = [0x55, 0x1d, 0x11];
/** 1.3.6.1.5.5.7.3.1. */
const SERVER_AUTHENTICATION = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
