/**
 * The listening sockets that a service manager has opened and handed over (sd_listen_fds(3)), and which frontend each
 * is for. A socket that stud does not serve would accept clients and leave them waiting, so each must match a frontend.
 */

import { StartupError } from "../errors.ts";
import type { ListenAddress, Runtime, SocketAddress } from "../runtime/runtime.ts";
import type { WantedFrontend } from "../plan/plan.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** The sockets that were handed over. */
export class HandedSockets {
  readonly #sockets: readonly Required<ListenAddress>[];
  readonly #used = new Set<number>();

  private constructor(sockets: readonly Required<ListenAddress>[]) {
    this.#sockets = sockets;
  }

  /**
   * Takes what this process was given, and removes it from the environment. Rejects with {@linkcode StartupError} for a
   * descriptor that is not a listening TCP socket.
   */
  static async take({ service, processes }: Runtime): Promise<HandedSockets> {
    const pid = service.takeVariable("LISTEN_PID");
    const count = Number(service.takeVariable("LISTEN_FDS") ?? 0);
    const names = service.takeVariable("LISTEN_FDNAMES")?.split(":") ?? [];
    if (Number(pid) !== processes.pid || !(count > 0)) return new HandedSockets([]);
    const descriptors = Array.from({ length: count }, (_, index) => FIRST + index);
    const sockets: Required<ListenAddress>[] = [];
    for (const descriptor of descriptors) {
      const address = await service.listeningAddress(descriptor);
      if (address === undefined) {
        const name = names[descriptor - FIRST] ?? "unknown";
        throw new StartupError(
          `socket activation: descriptor ${descriptor} (${name}) is not a listening TCP socket; stud ` +
            "serves TCP only, so remove it from the socket unit",
        );
      }
      sockets.push({ ...address, descriptor });
    }
    service.shareWithWorkers(descriptors);
    return new HandedSockets(sockets);
  }

  /** Whether there is none. */
  get none(): boolean {
    return this.#sockets.length === 0;
  }

  /** Each as a frontend of a plan. */
  get frontends(): WantedFrontend[] {
    return this.#sockets.map(({ host, port }) => ({
      text: formatSocketAddress({ host, port }),
      alternatives: [[{ host, port }]],
      tls: undefined,
    }));
  }

  /** The one that listens on an address, or undefined. */
  find({ host, port }: SocketAddress): ListenAddress | undefined {
    return this.#sockets.find((socket) => socket.host === host && socket.port === port);
  }

  /** The same, and marks the socket as used by a frontend. */
  use(address: SocketAddress): ListenAddress | undefined {
    const found = this.find(address);
    if (found?.descriptor !== undefined) this.#used.add(found.descriptor);
    return found;
  }

  /** Throws {@linkcode StartupError} if a socket matches no frontend. */
  checkUsed(): void {
    const unused = this.#sockets.filter(({ descriptor }) => !this.#used.has(descriptor));
    if (unused.length === 0) return;
    throw new StartupError(
      `socket activation: no --frontend is for ${
        unused.map(formatSocketAddress).join(", ")
      }; name ` +
        "it, remove it from the socket unit, or leave --frontend out to serve all of them",
    );
  }
}

/** SD_LISTEN_FDS_START. */
const FIRST = 3;
