/** For a stud whose output cannot be read: knowing that it serves without its telling. */

import { eventually } from "./eventually.ts";

/** Waits until somebody on the port answers what is no TLS: whoever only tries the port does not. */
export function serving(port: number): Promise<void> {
  return eventually(`somebody answers on port ${port}`, async () => {
    try {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(new TextEncoder().encode("is anybody there?\n"));
      return await connection.read(new Uint8Array(16)) !== null;
    } catch {
      return false;
    }
  });
}

/** Connects in clear text, says something that is no TLS and reads what comes, which is an alert and the end. */
export async function failHandshake(
  port: number,
  words = "GET / HTTP/1.1\r\n\r\n",
): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const { port: own } = connection.localAddr as Deno.NetAddr;
  await connection.write(new TextEncoder().encode(words));
  try {
    const bytes = new Uint8Array(1024);
    while (await connection.read(bytes) !== null);
  } catch {
    // A reset is an end too.
  }
  return `127.0.0.1:${own}`;
}
