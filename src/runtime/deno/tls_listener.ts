/** Opens Deno's TLS listening sockets, and leaves as little of the private key behind as can be. */

import type { KeyBytes } from "../../key_bytes.ts";
import { overwriteYoungText, overwritingFreed } from "./freed_memory.ts";

/** What there is to serve: PEM text, and a key whose bytes are read only meanwhile. */
export interface TlsPem {
  readonly certificateChain: string;
  readonly privateKey: string | KeyBytes;
}

/**
 * Listens. Deno takes a key as text only, which cannot be overwritten: one that comes as bytes is text for no longer than
 * this takes. Throws Deno's errors.
 */
export function openTlsListener(
  address: Deno.TcpListenOptions,
  { certificateChain: cert, privateKey }: TlsPem,
): Deno.TlsListener {
  if (typeof privateKey === "string") return Deno.listenTls({ ...address, cert, key: privateKey });
  const { bytes } = privateKey;
  if (bytes === undefined) throw new Error("its private key has been overwritten");
  const listen = (pem: Uint8Array) =>
    Deno.listenTls({ ...address, cert, key: new TextDecoder().decode(pem) });
  const blank = new Uint8Array(bytes.length).fill(BLANK);
  try {
    return overwritingFreed(() => {
      try {
        return listen(bytes);
      } finally {
        // The same again, for which there is no key in it, writes over what lay on the stack.
        try {
          listen(blank).close();
        } catch {
          // As it must.
        }
      }
    });
  } finally {
    overwriteYoungText();
  }
}

const BLANK = 0x20;
