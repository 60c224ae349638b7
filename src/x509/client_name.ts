/**
 * The names with which an operator lists allowed clients, and the check that a certificate has one of them. Names are
 * compared exactly, except for the case of domains; no name is looked up, normalized or guessed. The documentation for
 * operators is docs/client_certificates.md.
 */

import type { CertificateNames } from "./certificate_names.ts";
import { isIpAddress } from "../wire/ip_address.ts";

/** A name whose owner may connect. */
export interface ClientName {
  /** The common name, or a kind of alternative name. */
  readonly kind: "CN" | "DNS" | "URI" | "email";
  /** Domains in lower case. A DNS name may begin with `*.`, for one whole label. */
  readonly value: string;
}

/** Thrown for a text that is not such a name; the message is the reason, and follows the text. */
export class ClientNameError extends Error {
  override readonly name = "ClientNameError";
}

/** Parses a common name. Throws {@linkcode ClientNameError}. */
export function parseCommonName(text: string): ClientName {
  if (text === "") throw new ClientNameError("is empty");
  if (INVISIBLE.test(text)) throw new ClientNameError("has characters that nobody can see");
  if (text.includes("*")) {
    throw new ClientNameError(
      "has a star, and common names are compared whole; --allow-san takes DNS:*.example.org",
    );
  }
  return { kind: "CN", value: text };
}

/** Parses `DNS:name`, `URI:uri` or `email:address`. Throws {@linkcode ClientNameError}. */
export function parseAlternativeName(text: string): ClientName {
  const [, word = "", value = ""] = /^([A-Za-z]+):(.*)$/s.exec(text) ?? [];
  const kind = KINDS.find((one) => one.toLowerCase() === word.toLowerCase());
  if (kind === undefined) throw new ClientNameError("does not begin with DNS:, URI: or email:");
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new ClientNameError(
      value === ""
        ? `has nothing behind ${word}:`
        : "has spaces or characters outside of ASCII; write domains as A-labels (xn--)",
    );
  }
  if (kind === "DNS") return { kind, value: dnsName(value) };
  if (value.includes("*")) throw new ClientNameError("has a star, which only a DNS: name may have");
  if (kind === "email") return { kind, value: mailAddress(value) };
  if (/^[A-Za-z][A-Za-z0-9+.-]*:./.test(value)) return { kind, value };
  throw new ClientNameError("is no URI with a scheme, such as URI:spiffe://example.org/client");
}

/** Whether a certificate has one of these names. */
export function isNamed(names: CertificateNames, allowed: readonly ClientName[]): boolean {
  return allowed.some(({ kind, value }) => {
    switch (kind) {
      case "CN":
        return names.commonName === value;
      case "DNS":
        return names.dns.some((name) => isDnsMatch(value, name.toLowerCase()));
      case "URI":
        return names.uris.includes(value);
      case "email":
        return names.emails.some((address) => lowerDomain(address) === value);
    }
  });
}

function isDnsMatch(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === name;
  const dot = name.indexOf(".");
  // A certificate for a pattern does not identify a single client.
  return dot > 0 && name.slice(dot) === pattern.slice(1) && LABEL.test(name.slice(0, dot));
}

function dnsName(text: string): string {
  const name = text.toLowerCase();
  const labels = name.replace(/^\*\./, "").split(".");
  if (isIpAddress(text) || !labels.every((label) => LABEL.test(label)) || text.length > 253) {
    throw new ClientNameError(
      "is no DNS name; a star may stand for the whole first label, and no dot at the end",
    );
  }
  return name;
}

function mailAddress(text: string): string {
  const at = text.lastIndexOf("@");
  const domain = text.slice(at + 1);
  if (at < 1 || text.indexOf("@") !== at || !domain.split(".").every((part) => LABEL.test(part))) {
    throw new ClientNameError("is no mail address, such as email:somebody@example.org");
  }
  return lowerDomain(text);
}

/** RFC 5321 section 2.4: the part before the @ is case-sensitive. */
function lowerDomain(address: string): string {
  const at = address.lastIndexOf("@");
  return address.slice(0, at) + address.slice(at).toLowerCase();
}

const KINDS = ["DNS", "URI", "email"] as const;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
