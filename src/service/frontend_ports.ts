/**
 * Where the frontends listen: ports that are claimed for them, and sockets that a service manager has opened. It
 * decides which of the two a frontend uses, at the start and at each reload. It also reserves the ports for this user
 * while no worker may be alive to do so.
 */

import type { Settings } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { Runtime, SocketAddress } from "../runtime/runtime.ts";
import { HandedSockets } from "./handed_sockets.ts";
import { refuseOwnBackend } from "./own_backend.ts";
import type { Plan } from "../plan/plan.ts";
import { type ClaimedFrontend, type ClaimOptions, claimPorts, workerFrontends } from "./ports.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** The addresses of the frontends, with the sockets that a service manager has opened among them. */
export class FrontendPorts {
  readonly #runtime: Runtime;
  readonly #handed: HandedSockets;
  /** By address. */
  readonly #reserved = new Map<string, { close(): void }>();
  #over = false;

  private constructor(runtime: Runtime, handed: HandedSockets) {
    this.#runtime = runtime;
    this.#handed = handed;
  }

  /** Takes the sockets that were handed over. Rejects with {@linkcode StartupError}. */
  static async open(settings: Settings, runtime: Runtime): Promise<FrontendPorts> {
    const handed = await HandedSockets.take(runtime);
    if (!handed.none && settings.workers.steerByClient) {
      throw new StartupError(
        "--steer-by-client: not possible with sockets of a service manager, because the workers " +
          "share them; leave --steer-by-client out",
      );
    }
    return new FrontendPorts(runtime, handed);
  }

  /** Finds or claims what a plan's frontends need. Rejects with {@linkcode StartupError}. */
  async claim(plan: Plan, options: Omit<ClaimOptions, "handed">): Promise<ClaimedFrontend[]> {
    // A port on which no worker listens would look like another program's.
    this.keep(options.held ?? []);
    const all = this.#handed.none || plan.settings.frontendsGiven ? plan : this.#handed;
    const claimed = await claimPorts(all, this.#runtime, { ...options, handed: this.#handed });
    const frontends = workerFrontends(claimed);
    await refuseOwnBackend(plan.configuration.backend, frontends, this.#runtime.network);
    for (const { host, port, descriptor } of frontends) {
      // A socket that was handed over needs no reservation.
      if (descriptor === undefined) await this.#reserve({ host, port });
    }
    return claimed;
  }

  async #reserve(address: SocketAddress): Promise<void> {
    const name = formatSocketAddress(address);
    if (this.#over || this.#reserved.has(name)) return;
    const reservation = await this.#runtime.network.reserve?.(address);
    if (reservation !== undefined) this.#reserved.set(name, reservation);
  }

  /** Keeps the ports of these frontends and releases all others. */
  keep(frontends: readonly ClaimedFrontend[]): void {
    const names = new Set(workerFrontends(frontends).map(formatSocketAddress));
    for (const [name, reservation] of this.#reserved) {
      if (names.has(name)) continue;
      reservation.close();
      this.#reserved.delete(name);
    }
  }

  /** Releases the ports for the next process, once the workers no longer listen. */
  release(): void {
    this.#over = true;
    this.keep([]);
  }
}

/** The sockets were given to this very process, which is about to end. Rejects with {@linkcode StartupError}. */
export async function refuseHandedSockets(runtime: Runtime): Promise<void> {
  if ((await HandedSockets.take(runtime)).none) return;
  throw new StartupError(
    "--daemon: not possible with sockets of a service manager, which itself keeps stud in the " +
      "background; leave --daemon out",
  );
}

/**
 * What `--dbg-listen` writes, for scripts that let the system choose the port: the IPv4 addresses as `IP:PORT`, one per
 * line, in the order of the frontends.
 */
export function listenReport(frontends: readonly SocketAddress[]): string {
  return frontends.map(({ host, port }) => ({ host: host === "::" ? ANY_IPV4 : host, port }))
    .filter(({ host }) => !host.includes(":"))
    .map(({ host, port }) => `${host}:${port}\n`).join("");
}

/** A socket for every IPv6 address accepts IPv4 clients too. */
const ANY_IPV4 = "0.0.0.0";
