/** Chooses what a backend reads before the first octet of plaintext. */

import type { PrefaceKind } from "../config/settings.ts";
import type { SocketPair } from "../runtime/runtime.ts";
import { encodeIpPreface, encodeProxyV1 } from "../wire/preface.ts";

/**
 * Encodes the preface of one connection, or gives undefined where there is none. Only who needs addresses asks
 * for them.
 */
export type EncodePreface = (client: { readonly pair: SocketPair }) => Uint8Array | undefined;

/** The encoder for a kind of preface. */
export function prefaceEncoder(kind: PrefaceKind): EncodePreface {
  switch (kind) {
    case "none":
      return () => undefined;
    case "ip":
      return ({ pair }) => encodeIpPreface(pair.peer);
    case "proxy-v1":
      return ({ pair }) => encodeProxyV1(pair.peer, pair.local);
  }
}
