/** Opens Deno's TLS listening sockets, and leaves as little of the private key in memory as possible. */

import type { KeyBytes } from "../../x509/key_bytes.ts";
import { overwriteYoungText, overwritingFreed } from "./freed_memory.ts";

/** The certificate as PEM text, and its key; bytes of a key are read only during the call. */
export interface TlsPem {
  readonly certificateChain: string;
  readonly privateKey: string | KeyBytes;
}

/**
 * Listens. Deno accepts a key only as text, which cannot be overwritten; a key given as bytes exists as text only
 * during this call. Throws Deno's errors.
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
        // The same call again, without a key, overwrites what the first one left on the stack.
        try {
          listen(blank).close();
        } catch {
          // It must fail.
        }
      }
    });
  } finally {
    overwriteYoungText();
  }
}

const BLANK = 0x20;
