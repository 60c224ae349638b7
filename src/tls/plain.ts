/**
 * Listening without TLS, for clients whose plaintext goes to the backend by TLS. To the rest of stud these are
 * connections like any others, with a handshake that is done at once.
 */

import type { Runtime, StreamListener, TcpStream } from "../runtime/runtime.ts";
import type { PendingClient, SecureClient, TlsListener, TlsListenerOptions } from "./engine.ts";
import { StreamClient } from "./over_stream.ts";
import { openListener } from "./tune_listener.ts";

/**
 * Listens in clear. `besideTls` as `ListenOptions` has it. Rejects with {@linkcode StartupError} when the address is
 * refused.
 */
export async function listenPlain(
  runtime: Runtime,
  options: TlsListenerOptions,
  besideTls = false,
): Promise<TlsListener> {
  const particular = { besideTls, silentClients: true };
  return new PlainListener(await openListener(runtime, { ...options, ...particular }));
}

/** Whether a listener takes clients in clear. */
export function isPlain(listener: TlsListener): boolean {
  return listener instanceof PlainListener;
}

class PlainListener implements TlsListener {
  readonly address;
  readonly acceptsUnasked;
  readonly acceptsInTurn;
  readonly #listener: StreamListener;

  constructor(listener: StreamListener) {
    this.#listener = listener;
    this.address = listener.address;
    this.acceptsUnasked = listener.acceptsUnasked;
    this.acceptsInTurn = listener.acceptsInTurn;
  }

  async accept(): Promise<PendingClient> {
    return new PlainClient(await this.#listener.accept());
  }

  waiting(): number {
    return this.#listener.waiting?.() ?? 0;
  }

  close(): void {
    this.#listener.close();
  }
}

/** Ready as soon as it is there. */
class PlainClient extends StreamClient<TcpStream> {
  handshake(): Promise<SecureClient> {
    this.stream.patient = false;
    return Promise.resolve(this);
  }
}
