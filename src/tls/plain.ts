/**
 * Listens without TLS, for clients whose plaintext goes to the backend by TLS. The rest of stud sees normal
 * connections whose handshake is done at once.
 */

import type { Runtime, StreamListener, TcpStream } from "../runtime/runtime.ts";
import type { PendingClient, SecureClient, TlsListener, TlsListenerOptions } from "./engine.ts";
import { StreamClient } from "./over_stream.ts";
import { openListener } from "./tune_listener.ts";

/**
 * Listens in clear. For `besideTls` see `ListenOptions`. Rejects with {@linkcode StartupError} if the address is
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

/** Whether a listener accepts clients in clear. */
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

/** A client whose handshake is done as soon as it is accepted. */
class PlainClient extends StreamClient<TcpStream> {
  handshake(): Promise<SecureClient> {
    this.stream.patient = false;
    return Promise.resolve(this);
  }
}
