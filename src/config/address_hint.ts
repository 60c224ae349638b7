/**
 * What an operator probably meant by text that is not an address: a URL, a port or host alone, an IPv6 address without
 * brackets, a path. It only makes suggestions: `address.ts` decides what an address is, and a valid address gets no
 * hint.
 */

import { isIpAddress } from "../wire/ip_address.ts";
import { isHostName } from "./host.ts";

/** Whether it is the address of a frontend, of the backend, or the one where stud serves its status. */
export type Side = "frontend" | "backend" | "status";

/** What is wrong with `text` and what to write instead; undefined if the general rule says all there is to say. */
export function addressHint(text: string, side: Side): string | undefined {
  return urlHint(text, side) ?? pathHint(text, side) ?? portHint(text, side) ??
    hostHint(text, side);
}

function urlHint(text: string, side: Side): string | undefined {
  const unix = /^unix:(?:\/\/)?(\/.*)$/i.exec(text)?.[1];
  if (unix !== undefined && side !== "frontend") return `this is a URL; write ${unix} instead`;
  const [, scheme, authority] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(text) ?? [];
  if (scheme === undefined || authority === undefined) return undefined;
  const [, host, port = SCHEME_PORTS[scheme.toLowerCase()]] =
    /^(\[[^\]]*\]|[^:@[\]]*)(?::(\d+))?$/.exec(authority) ?? [];
  if (host === undefined) return "this is a URL; write HOST:PORT instead";
  const address = `${host || (side === "frontend" ? "*" : "127.0.0.1")}:${port ?? "PORT"}`;
  const isHttps = scheme.toLowerCase() === "https";
  const plain = side === "backend" && isHttps
    ? "; stud sends plaintext to the backend unless --client is given"
    : "";
  return `this is a URL; write ${address} instead${plain}`;
}

function pathHint(text: string, side: Side): string | undefined {
  const isPath = /^(?:\/|\.\.?\/|~\/|unix:[/.~@]|[^,:]*\/[^,:]*$)/.test(text);
  if (!isPath) return undefined;
  return side === "frontend"
    ? "stud listens on TCP addresses only, not on unix sockets; write HOST,PORT"
    : "the path of a unix socket begins with /";
}

function portHint(text: string, side: Side): string | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined;
  if (side === "frontend") {
    return `it has no host; write *,${text} for every address of this machine`;
  }
  const purpose = side === "backend"
    ? "for a service on this machine"
    : "for clients on this machine";
  return `it has no host; write 127.0.0.1,${text} ${purpose}`;
}

function hostHint(text: string, side: Side): string | undefined {
  const host = /^\[(.*)\]$/s.exec(text)?.[1] ?? text;
  if (!isIpAddress(host)) {
    if (host !== "*" && !isHostName(host)) return undefined;
    // A relative path in one word looks like a host.
    const orPath = side === "frontend" || host !== text || host === "*"
      ? ""
      : ", or the absolute path of a unix socket";
    return `it has no port; write ${host},PORT${orPath}`;
  }
  if (!host.includes(":")) return `it has no port; write ${host},PORT`;
  return text === host ? ipv6Hint(text) : `it has no port; write [${host}]:PORT`;
}

/** `::1:443` is an IPv6 address without a port, but the operator more likely meant [::1]:443. */
function ipv6Hint(text: string): string {
  const [, host, port] = /^(.*):([0-9]{1,5})$/.exec(text) ?? [];
  const example = host !== undefined && isIpAddress(host) && Number(port) <= 65_535
    ? `[${host}]:${port}`
    : `[${text}]:PORT`;
  return `write an IPv6 host as [HOST]:PORT, such as ${example}`;
}

const SCHEME_PORTS: Readonly<Record<string, string>> = {
  http: "80",
  https: "443",
  ws: "80",
  wss: "443",
};
