/**
 * What is counted for one frontend. Every cell is taken before connections need it, or when something happens for
 * the first time, so that counting is one increment.
 */

import { PeerError } from "../errors.ts";
import type { Cell, Histogram, Registry } from "../metrics/registry.ts";
import type { Agreement } from "../runtime/runtime.ts";
import { handshakeFailureReason } from "../tls/handshake_reasons.ts";
import type { EndOf } from "./ending.ts";

/** The counts of one frontend. */
export class FrontendCounts {
  /** The frontend's name. */
  readonly name: string;
  readonly accepted: Cell;
  readonly active: Cell;
  readonly silent: Cell;
  readonly denied: Cell;
  readonly toBackend: Cell;
  readonly toClient: Cell;
  readonly clientsWithoutCloseNotify: Cell;
  readonly backendsWithoutCloseNotify: Cell;
  /** Seconds. */
  readonly handshakeTime: Histogram;
  /** Seconds. */
  readonly duration: Histogram;
  readonly #registry: Registry;
  readonly #endings = new Map<EndOf, Cell>();
  /** By what was agreed on; of the engine that serves now. */
  #handshakes = new Map<Agreement, Cell>();
  #engine = "";
  /** The agreement of the last handshake, which the next one nearly always shares. */
  #lastAgreement: Agreement | undefined;
  #lastCell: Cell | undefined;

  constructor(registry: Registry, name: string) {
    this.name = name;
    this.#registry = registry;
    this.accepted = registry.counter("connections_accepted", [name]);
    this.active = registry.gauge("connections_active", [name]);
    this.silent = registry.counter("connections_silent", [name]);
    this.denied = registry.counter("clients_denied", [name]);
    this.toBackend = registry.counter("to_backend_bytes", [name]);
    this.toClient = registry.counter("to_client_bytes", [name]);
    this.clientsWithoutCloseNotify = registry.counter("without_close_notify", [name, "client"]);
    this.backendsWithoutCloseNotify = registry.counter("without_close_notify", [name, "backend"]);
    this.handshakeTime = registry.histogram("handshake_duration_seconds", [name]);
    this.duration = registry.histogram("connection_duration_seconds", [name]);
  }

  /** A handshake is done. `engine`: the TLS library; undefined: no TLS, so there was none. */
  agreed(engine: string | undefined, agreement: Agreement = UNKNOWN, seconds: number): void {
    if (engine === undefined) return;
    if (agreement !== this.#lastAgreement || engine !== this.#engine) {
      this.#lastCell = this.#handshakeCell(engine, agreement);
      this.#lastAgreement = agreement;
    }
    this.#lastCell!.value++;
    this.handshakeTime.observe(seconds);
  }

  /** A handshake has failed. */
  handshakeFailed(fault: unknown): void {
    const reason = fault instanceof PeerError
      ? handshakeFailureReason(fault) ?? "other"
      : "internal";
    this.#registry.counter("handshake_failures", [this.name, reason]).value++;
  }

  /** A connection was refused because of a limit. */
  refused(limit: string): void {
    this.#registry.counter("connections_refused", [this.name, limit]).value++;
    this.#registry.counter("limit_reached", [limit]).value++;
  }

  /** A connection has ended after this time. */
  ended(end: EndOf, seconds: number): void {
    let cell = this.#endings.get(end);
    if (cell === undefined) {
      const labels = [this.name, end.end, end.by ?? "none"] as const;
      cell = this.#registry.counter("connections_ended", labels);
      this.#endings.set(end, cell);
    }
    cell.value++;
    this.duration.observe(seconds);
  }

  #handshakeCell(engine: string, agreement: Agreement): Cell {
    if (engine !== this.#engine) {
      this.#engine = engine;
      this.#handshakes = new Map();
    }
    let cell = this.#handshakes.get(agreement);
    if (cell === undefined) {
      const { version, cipher, group, resumed } = agreement;
      const labels = [this.name, version, cipher, group, resumed, engine] as const;
      cell = this.#registry.counter("handshakes", labels);
      this.#handshakes.set(agreement, cell);
    }
    return cell;
  }
}

const UNKNOWN: Agreement = {
  version: "unknown",
  cipher: "unknown",
  group: "unknown",
  resumed: "unknown",
};
