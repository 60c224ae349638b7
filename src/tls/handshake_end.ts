/** Describes for operators how clients leave a handshake, in the same words for every engine. */

import { PeerError, type PeerErrorKind } from "../errors.ts";

/**
 * Nothing arrived: the first read of a handshake found the end, or failed. Its cause is that fault. A PROXY
 * header, which comes in clear before the handshake, does not count.
 */
export class NothingSent extends Error {
  override readonly name = "NothingSent";

  constructor(cause: unknown = new PeerError("client", "closed", "ended in the handshake")) {
    super("nothing was sent", { cause });
  }
}

/** The reason for a handshake that the client ended; undefined for faults of other kinds. */
export function handshakeEnd(kind: PeerErrorKind): string | undefined {
  return REASONS[kind];
}

/**
 * The error of a handshake that the client ended with this fault; `silently` if it never sent anything. Undefined
 * for faults of other kinds.
 */
export function endedHandshake(fault: PeerError, silently: boolean): PeerError | undefined {
  const reason = handshakeEnd(fault.kind);
  if (reason === undefined) return undefined;
  return silently
    ? new PeerError(
      "client",
      "silent",
      "the client closed the connection before it sent anything",
      { cause: fault },
    )
    : new PeerError("client", "handshake", reason, { cause: fault });
}

const REASONS: Partial<Record<PeerErrorKind, string>> = {
  closed: "the client closed the connection during the handshake",
  gone: "the client closed the connection during the handshake",
  reset: "the client reset the connection during the handshake",
};
