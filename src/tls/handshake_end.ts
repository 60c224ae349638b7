/** How clients leave a handshake, in an operator's words: the same whichever engine it was with. */

import { PeerError, type PeerErrorKind } from "../errors.ts";

/**
 * Nothing came: the first read of a handshake found the end, or failed. Its cause is that fault. What comes in clear
 * before the handshake, a PROXY header, does not count.
 */
export class NothingSent extends Error {
  override readonly name = "NothingSent";

  constructor(cause: unknown = new PeerError("client", "closed", "ended in the handshake")) {
    super("nothing was sent", { cause });
  }
}

/** The reason for a handshake that the client ended, or undefined for faults of other kinds. */
export function handshakeEnd(kind: PeerErrorKind): string | undefined {
  return REASONS[kind];
}

/**
 * What a handshake rejects with whose client has ended it: by this fault, and `silently` if it never sent anything.
 * Undefined for faults of other kinds.
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
