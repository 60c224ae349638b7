/** Claims the addresses of frontends, and keeps those that stud has claimed before. */

import type { ConnectionLimits } from "../config/settings.ts";
import type { WorkerFrontend } from "../control/messages.ts";
import { StartupError } from "../errors.ts";
import type { ListenAddress, Runtime, SocketAddress } from "../runtime/runtime.ts";
import type { TlsConfiguration } from "../tls/tls_configuration.ts";
import type { HandedSockets } from "./handed_sockets.ts";
import type { Plan, WantedFrontend } from "../plan/plan.ts";

/** A frontend and its addresses, every port 0 replaced by the system's choice. */
export interface ClaimedFrontend {
  /** As the operator would write it. */
  readonly text: string;
  readonly addresses: readonly ListenAddress[];
  readonly tls: TlsConfiguration | undefined;
  readonly limits?: Partial<ConnectionLimits> | undefined;
}

/** How ports are claimed. */
export interface ClaimOptions {
  /** What this stud serves already. */
  readonly held?: readonly ClaimedFrontend[];
  /** Ports that others use are fine: another process is about to hand them over. */
  readonly shared?: boolean;
  /** Sockets that a service manager has opened; each must match a frontend. */
  readonly handed?: HandedSockets;
}

/**
 * Claims the ports for a moment and returns what to listen on. The claim shows whether another program uses a port,
 * because workers share theirs. Rejects with {@linkcode StartupError}.
 */
export async function claimPorts(
  plan: Pick<Plan, "frontends">,
  runtime: Runtime,
  { held = [], shared = false, handed }: ClaimOptions = {},
): Promise<ClaimedFrontend[]> {
  const claims = new Claims(runtime, held, shared, handed);
  const claimed: ClaimedFrontend[] = [];
  for (const wanted of plan.frontends) {
    const { text, tls, limits } = wanted;
    const addresses = await claims.addressesOf(wanted);
    claimed.push({ text, tls, ...limits && { limits }, addresses });
  }
  handed?.checkUsed();
  return claimed;
}

/** The same in the form that workers receive. */
export function workerFrontends(claimed: readonly ClaimedFrontend[]): WorkerFrontend[] {
  return claimed.flatMap(({ text, addresses, tls, limits }) => {
    // The port that the system chose distinguishes frontends with the same text.
    const name = text.replace(/:0$/, `:${addresses[0]?.port}`);
    return addresses.map((address) => ({
      ...address,
      ...tls && { tls },
      ...limits && { name, limits },
    }));
  });
}

class Claims {
  readonly #runtime: Runtime;
  readonly #held: ClaimedFrontend[];
  readonly #ours: ReadonlySet<string>;
  readonly #shared: boolean;
  readonly #handed: HandedSockets | undefined;
  readonly #chosen = new Set<number>();

  constructor(
    runtime: Runtime,
    held: readonly ClaimedFrontend[],
    shared: boolean,
    handed: HandedSockets | undefined,
  ) {
    this.#runtime = runtime;
    this.#held = [...held];
    this.#ours = new Set(held.flatMap(({ addresses }) => addresses.map(addressText)));
    this.#shared = shared;
    this.#handed = handed;
  }

  async addressesOf({ text, alternatives }: WantedFrontend): Promise<readonly ListenAddress[]> {
    const chosenBefore = this.#chosenBefore(text, alternatives);
    if (chosenBefore !== undefined) return chosenBefore;
    const ready = alternatives.find((some) =>
      some.some((address) => this.#handed?.find(address) !== undefined)
    );
    for (const addresses of ready === undefined ? alternatives : [ready]) {
      const claimed = await this.#claimAll(addresses);
      if (claimed.length > 0) return claimed;
    }
    throw new StartupError(`--frontend ${text}: this machine has no such address`);
  }

  /** Claims those addresses that this machine has, all on the same port if the system is to choose it. */
  async #claimAll(addresses: readonly SocketAddress[]): Promise<ListenAddress[]> {
    for (let attempt = 1;; attempt++) {
      const claimed: ListenAddress[] = [];
      try {
        for (const address of addresses) {
          const socket = this.#handed?.use(address);
          if (socket !== undefined) {
            claimed.push(socket);
            continue;
          }
          const wanted = address.port || claimed[0]?.port || 0;
          const port = await this.#claim({ ...address, port: wanted });
          if (port !== undefined) claimed.push({ ...address, port });
        }
        return claimed;
      } catch (error) {
        // Another program may use, on one address, the port that the system chose for another.
        const ofOurChoice = claimed.length > 0 && addresses[0]?.port === 0;
        if (!ofOurChoice || attempt === MAX_CHOICES) throw error;
      }
    }
  }

  /** The system is asked for a port only once, not at each reload. */
  #chosenBefore(
    text: string,
    alternatives: WantedFrontend["alternatives"],
  ): readonly ListenAddress[] | undefined {
    if (!alternatives.flat().some(({ port }) => port === 0)) return undefined;
    const index = this.#held.findIndex((one) => one.text === text);
    return index < 0 ? undefined : this.#held.splice(index, 1)[0]!.addresses;
  }

  /** Undefined where this machine has no such address. */
  async #claim(address: SocketAddress): Promise<number | undefined> {
    if (this.#ours.has(addressText(address))) return address.port;
    const { network } = this.#runtime;
    if (this.#shared && address.port !== 0) {
      // A probe on a port of the system's choice shows whether there is such an address.
      const some = await network.probe({ ...address, port: 0 });
      return some === undefined ? undefined : address.port;
    }
    let port = await network.probe(address);
    // A probe ends before the next one begins, so the system may choose the same port again.
    while (address.port === 0 && port !== undefined && this.#chosen.has(port)) {
      port = await network.probe(address);
    }
    if (port !== undefined) this.#chosen.add(port);
    return port;
  }
}

function addressText({ host, port }: SocketAddress): string {
  return `${host} ${port}`;
}

/** How often the system is asked for a port that is free on several addresses. */
const MAX_CHOICES = 10;
