/**
 * Traces the handshakes of some clients for some time (`--trace-client`): every step is a line of level info, and the
 * number of lines per second is bounded. While nothing is traced, a connection pays for one comparison.
 */

import type { PeerError } from "../errors.ts";
import type { Logger } from "../log/logger.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { Client, OnHello, SecureClient } from "../tls/engine.ts";
import { handshakeFailureReason } from "../tls/handshake_reasons.ts";
import { describedHello, offersText } from "../wire/client_offers_text.ts";
import { isInNetwork, type Network, parseNetwork } from "../wire/network.ts";
import { negotiatedBy } from "./access_log.ts";
import { clientFacts } from "./client_facts.ts";
import { describeAgreed } from "./connection_log.ts";
import { describeClient } from "./fault_log.ts";

/** The trace of a process, one at a time. */
export class Tracing {
  readonly #services: TraceServices;
  /** Undefined: nothing is traced. */
  current: ClientTrace | undefined;

  constructor(services: TraceServices) {
    this.#services = services;
  }

  /** Begins a trace, in place of the one before. Throws `AddressFormatError`. */
  begin(order: TraceOrder): void {
    const network = parseNetwork(order.cidr);
    this.end();
    this.current = new ClientTrace(this.#services, order, network, () => this.end());
  }

  /** Ends the trace, if there is one. */
  end(): void {
    this.current?.end();
    this.current = undefined;
  }
}

/** Which clients to trace, and for how long. */
export interface TraceOrder {
  /** Their network: `192.0.2.0/24`. */
  readonly cidr: string;
  readonly seconds: number;
}

interface TraceServices {
  readonly log: Logger;
  readonly clock: Clock;
}

/** Traces the clients of one network until its time has passed. */
export class ClientTrace {
  readonly #log: Logger;
  readonly clock: Clock;
  readonly #cidr: string;
  readonly #network: Network;
  readonly #cancel: () => void;
  /** The second of the last line, and the lines in it. */
  #second = -1;
  #inSecond = 0;
  #left = 0;

  /** Begins at once. `onTimeout` is called when its time has passed. */
  constructor(
    { log, clock }: TraceServices,
    { cidr, seconds }: TraceOrder,
    network: Network,
    onTimeout: () => void,
  ) {
    this.#log = log;
    this.clock = clock;
    this.#cidr = cidr;
    this.#network = network;
    this.#cancel = clock.after(seconds * 1_000, onTimeout);
    log.info("tracing handshakes of {cidr} for {seconds} s", { cidr, seconds });
  }

  /** Ends it. Call it once. */
  end(): void {
    this.#cancel();
    this.#log.info("no longer tracing handshakes of {cidr}{left}", {
      cidr: this.#cidr,
      left: this.#left === 0
        ? ""
        : `; ${this.#left} lines left out: more than ${MAX_RATE} a second`,
    }, { fields: { left: this.#left } });
  }

  /** The trace of this client; undefined if it is not from that network. */
  begin(client: Client): TracedClient | undefined {
    const { clientInHeader } = client;
    const isMeant = [clientInHeader, client.pair.peer].some((address) =>
      address !== undefined && isInNetwork(address.host, this.#network)
    );
    return isMeant ? new TracedClient(this, client) : undefined;
  }

  /** Writes a line, unless there were too many in this second. */
  write(client: Client, what: string): void {
    const second = Math.floor(this.clock.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    if (++this.#inSecond > MAX_RATE) this.#left++;
    else {
      const values = { client: describeClient(client), what };
      this.#log.info("trace: {client}: {what}", values, { fields: clientFacts(client) });
    }
  }
}

/** One client that is traced. No method throws. */
export class TracedClient {
  readonly #trace: ClientTrace;
  readonly #client: Client;
  readonly #began: number;

  constructor(trace: ClientTrace, client: Client) {
    this.#trace = trace;
    this.#client = client;
    this.#began = trace.clock.now();
    this.#write("accepted");
  }

  /** Passes the hello on to another, too. */
  seeing(other: OnHello | undefined): OnHello {
    return (bytes) => {
      const hello = describedHello(bytes);
      if (hello !== undefined) {
        this.#write(`sent a ClientHello of ${bytes.length} bytes: ${offersText(hello)}`);
      }
      other?.(bytes);
    };
  }

  /** These certificates were chosen. */
  readonly onChosen = (certificates: string): void => {
    this.#write(`gets the certificate ${certificates}`);
  };

  /** The handshake is done. */
  agreed(client: SecureClient): void {
    const agreed = describeAgreed(negotiatedBy(client), WITH_GROUP) || NOT_TOLD;
    this.#write(`handshake done after ${this.#time()} ms: ${agreed}`);
  }

  /** The handshake has failed. */
  failed(fault: PeerError): void {
    const reason = handshakeFailureReason(fault) ?? fault.kind;
    const { cause } = fault;
    const own = cause instanceof Error && cause.message !== fault.message
      ? `; the library: ${cause.message}`
      : "";
    this.#write(`handshake failed after ${this.#time()} ms: ${reason}: ${fault.message}${own}`);
  }

  #time(): string {
    return (this.#trace.clock.now() - this.#began).toFixed(1);
  }

  #write(what: string): void {
    this.#trace.write(this.#client, what);
  }
}

const WITH_GROUP = { withGroup: true };
const NOT_TOLD = "the library does not tell what was negotiated";
/** Max lines per second. */
const MAX_RATE = 50;
