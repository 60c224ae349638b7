/** Describes for operators how clients leave a handshake, in the same words for every engine. */

import { PeerError, type PeerErrorKind } from "../errors.ts";
import type { HandshakeReason } from "./handshake_reasons.ts";

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

/** How a client ended a handshake: in words, and as a code of handshake_reasons.ts. */
export interface HandshakeEnd {
  readonly words: string;
  readonly reason: HandshakeReason;
}

/** How the client ended a handshake; undefined for faults of other kinds. */
export function handshakeEnd(kind: PeerErrorKind): HandshakeEnd | undefined {
  return ENDS[kind];
}

/**
 * The error of a handshake that the client ended with this fault; `silently` if it never sent anything. Undefined
 * for faults of other kinds.
 */
export function endedHandshake(fault: PeerError, silently: boolean): PeerError | undefined {
  const end = handshakeEnd(fault.kind);
  if (end === undefined) return undefined;
  return silently
    ? new PeerError(
      "client",
      "silent",
      "the client closed the connection before it sent anything",
      { cause: fault },
    )
    : new PeerError("client", "handshake", end.words, { cause: fault, reason: end.reason });
}

const CLOSED: HandshakeEnd = {
  words: "the client closed the connection during the handshake",
  reason: "closed",
};
const ENDS: Partial<Record<PeerErrorKind, HandshakeEnd>> = {
  closed: CLOSED,
  gone: CLOSED,
  reset: { words: "the client reset the connection during the handshake", reason: "reset" },
};
