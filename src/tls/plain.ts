/**
 * Listening without TLS, for clients whose plaintext goes to the backend by TLS. To the rest of stud these are
 * connections like any others, with a handshake that is done at once.
 */

import type { Runtime, StreamListener, TcpStream } from "../runtime/runtime.ts";
import type { TlsConnection, TlsListener, TlsListenerOptions } from "./engine.ts";
import { steerClients, tuneListener } from "./tune_listener.ts";

/**
 * Listens in clear. `besideTls` as `ListenOptions` has it. Rejects with {@linkcode StartupError} when the address is
 * refused.
 */
export async function listenPlain(
  runtime: Runtime,
  { address, reusePort, steer, steersNetworks, ...tuning }: TlsListenerOptions,
  besideTls = false,
): Promise<TlsListener> {
  const listener = await runtime.network.listen({ ...address, ...tuning, reusePort, besideTls });
  try {
    tuneListener(runtime, listener.address, { ...tuning, silentClients: true });
    steerClients(runtime, listener.address, { steer, steersNetworks });
    return new PlainListener(listener);
  } catch (error) {
    listener.close();
    throw error;
  }
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

  async accept(): Promise<TlsConnection> {
    return new PlainConnection(await this.#listener.accept());
  }

  waiting(): number {
    return this.#listener.waiting?.() ?? 0;
  }

  close(): void {
    this.#listener.close();
  }
}

class PlainConnection implements TlsConnection {
  readonly serverName = undefined;
  readonly negotiated = undefined;
  readonly #stream: TcpStream;
  readonly lend: TlsConnection["lend"];

  constructor(stream: TcpStream) {
    this.#stream = stream;
    // Where the platform has none, nobody must find one here.
    if (stream.lend !== undefined) this.lend = () => stream.lend!();
  }

  get pair() {
    return this.#stream.pair;
  }

  handshake(): Promise<void> {
    this.#stream.patient = false;
    return DONE;
  }

  get lends(): boolean {
    return this.#stream.lends === true;
  }

  get takesAtOnce(): boolean {
    return this.#stream.takesAtOnce === true;
  }

  lendNow(most: number): Uint8Array | null | undefined {
    return this.#stream.lendNow!(most);
  }

  whenReadable(ready: () => void): void {
    this.#stream.whenReadable!(ready);
  }

  read(into: Uint8Array): number | null | Promise<number | null> {
    return this.#stream.read(into);
  }

  room(): number {
    return this.#stream.room?.() ?? 0;
  }

  write(octets: Uint8Array): Promise<number> | number {
    return this.#stream.write(octets);
  }

  closeWrite(): Promise<void> | void {
    return this.#stream.closeWrite();
  }

  reset(): void {
    this.#stream.reset();
  }

  get gone(): boolean {
    return this.#stream.gone === true;
  }

  unsent(): number {
    return this.#stream.unsent();
  }

  close(): void {
    this.#stream.close();
  }
}

const DONE = Promise.resolve();
