/** How clients leave a handshake, in an operator's words: the same whichever engine it was with. */

import type { PeerErrorKind } from "../errors.ts";

/** The reason for a handshake that the client ended, or undefined for faults of other kinds. */
export function handshakeEnd(kind: PeerErrorKind): string | undefined {
  return REASONS[kind];
}

const REASONS: Partial<Record<PeerErrorKind, string>> = {
  closed: "the client left during the handshake",
  gone: "the client left during the handshake",
  reset: "the client reset the connection during the handshake",
};
