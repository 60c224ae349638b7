/** Ports of 127.0.0.1: free ones, refused ones, and what an established connection still carries. */

import { receiveText, send } from "./tls_client.ts";

/** A port that was free a moment ago, for programs that cannot be told to choose one. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Whether nobody listens on the port any more. */
export async function isRefused(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return true;
    throw error;
  }
}

/** Sends text through stud to an echoing backend and fails unless the same comes back. */
export async function exchange(connection: Deno.TlsConn, text = "still there?"): Promise<void> {
  await send(connection, text);
  const answer = await receiveText(connection, new TextEncoder().encode(text).length);
  if (answer !== text) throw new Error(`sent ${text}, got ${answer}`);
}

/** A port that only root may listen on. */
export function freeLowPort(): number {
  for (let port = 1023; port > 512; port--) {
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch {
      // Taken.
    }
  }
  throw new Error("no free port below 1024");
}
