/**
 * Where the frontends listen: ports that are claimed for them, and sockets that a service manager has opened.
 * It decides who of the two a frontend belongs to, at the start and at each reload.
 */

import type { Settings } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { HandedSockets } from "./handed_sockets.ts";
import type { Plan } from "./plan.ts";
import { type ClaimedFrontend, type ClaimOptions, claimPorts } from "./ports.ts";

/** The addresses of the frontends, with the sockets that a service manager has opened among them. */
export class FrontendPorts {
  readonly #runtime: Runtime;
  readonly #handed: HandedSockets;

  private constructor(runtime: Runtime, handed: HandedSockets) {
    this.#runtime = runtime;
    this.#handed = handed;
  }

  /** Takes what was handed over. Rejects with {@linkcode StartupError}. */
  static async open(settings: Settings, runtime: Runtime): Promise<FrontendPorts> {
    const handed = await HandedSockets.take(runtime);
    if (!handed.none && settings.steerByClient) {
      throw new StartupError(
        "--steer-by-client: the workers share the sockets of the service manager, so clients go to " +
          "whichever is free; leave it out",
      );
    }
    return new FrontendPorts(runtime, handed);
  }

  /** Finds or claims what a plan's frontends need. Rejects with {@linkcode StartupError}. */
  claim(plan: Plan, options: Omit<ClaimOptions, "handed">): Promise<ClaimedFrontend[]> {
    const all = this.#handed.none || plan.settings.frontendsGiven ? plan : this.#handed;
    return claimPorts(all, this.#runtime, { ...options, handed: this.#handed });
  }
}

/** They were given to this very process, which is about to end. Rejects with {@linkcode StartupError}. */
export async function refuseHandedSockets(runtime: Runtime): Promise<void> {
  if ((await HandedSockets.take(runtime)).none) return;
  throw new StartupError(
    "--daemon: sockets of a service manager cannot be taken to the background, where the manager " +
      "keeps stud anyway; leave --daemon out",
  );
}
