/**
 * Keeps the OCSP responses of the certificates fresh while workers serve. It fetches them from the responders that the
 * certificates name, a few at a time, stores them, hands them out, and withdraws those that have become outdated.
 * Handshakes never wait for it: they get the current response.
 */

import { Cancellation } from "../runtime/cancellation.ts";
import type { Logger } from "../log/log.ts";
import { Repeats } from "../log/repeats.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { hitchResponseName } from "./response.ts";
import { ocspResponders, ocspSubject } from "./subject.ts";
import type { Staple } from "../tls/tls_configuration.ts";
import { toBase64 } from "../wire/base64.ts";
import { type FetchedResponse, fetchOcspResponse } from "./fetch.ts";
import { OcspLog } from "./log.ts";
import { type OcspPace, refreshPause, retryPause } from "./pace.ts";
import type { StapledCertificate, StaplingPlan } from "./stapling_plan.ts";

/** What of the platform is needed. */
export type RefresherRuntime = Pick<Runtime, "network" | "files" | "clock">;

/** A certificate and its response. */
interface Watched {
  certificate: StapledCertificate;
  /** The responders to ask, in this order. */
  responders: readonly URL[];
  /** DER, in base64. */
  response: string | undefined;
  /** Whether it had another response before. */
  isChanged: boolean;
  /** The date in milliseconds until which the response is stapled. */
  until: number;
  /** When it is fetched next, by the monotonic clock; Infinity: never. */
  due: number;
  /** In a row. */
  failures: number;
  isRevoked: boolean;
  /** Whether it is being fetched. */
  isBusy: boolean;
}

/** Keeps responses fresh. */
export class OcspRefresher {
  readonly #runtime: RefresherRuntime;
  readonly #log: OcspLog;
  readonly #random: () => number;
  #plan: StaplingPlan | undefined;
  /** By fingerprint. */
  #watched = new Map<string, Watched>();
  /** By fingerprint: certificates that name no responder. Of ten thousand, that may be all. */
  #without = new Set<string>();
  /** Of running requests. */
  readonly #cancellations = new Set<Cancellation>();
  /** How many requests are running at a host. */
  readonly #asked = new Map<string, number>();
  #announce: () => void = () => {};
  #cancelAnnouncement: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  /** By the monotonic clock. */
  #nextLook = Infinity;

  /** `random` gives numbers from 0 to 1, for times that machines should not share. */
  constructor(runtime: RefresherRuntime, log: Logger, random: () => number = Math.random) {
    this.#runtime = runtime;
    this.#log = new OcspLog(log, new Repeats(runtime.clock, (summary) => this.#log.sum(summary)));
    this.#random = random;
  }

  /** Sets the function to call when there are newer {@linkcode staples}. Changes within a short time cause one call. */
  onChange(announce: () => void): void {
    this.#announce = announce;
  }

  /**
   * Begins, with the certificates that are served from now on; what is known about those served before is kept.
   * Undefined: nothing is stapled any more.
   */
  watch(plan: StaplingPlan | undefined): void {
    const before = this.#watched;
    this.#plan = plan;
    this.#watched = new Map();
    this.#log.begin();
    const certificates = plan?.certificates ?? [];
    if (this.#without.size > 2 * certificates.length) this.#without = new Set();
    for (const certificate of certificates) {
      const { fingerprint, isNamed, ocspResponse } = certificate;
      if (this.#watched.has(fingerprint)) continue;
      if (ocspResponse === undefined && this.#without.has(fingerprint)) continue;
      const known = before.get(fingerprint);
      const isKept = known !== undefined && !isNamed && !known.certificate.isNamed &&
        (known.response !== undefined || known.isRevoked);
      const watched = isKept ? known : this.#newlyWatched(certificate);
      watched.certificate = certificate;
      this.#watched.set(fingerprint, watched);
    }
    this.#look();
    this.#survey(this.#watched);
  }

  /** By fingerprint, what is stapled now instead of what the certificates came with. */
  get staples(): ReadonlyMap<string, Staple["response"]> {
    const staples = new Map<string, Staple["response"]>();
    for (const [fingerprint, { response, certificate, isChanged }] of this.#watched) {
      if (isChanged || response !== certificate.ocspResponse) {
        staples.set(fingerprint, response ?? null);
      }
    }
    return staples;
  }

  /** Cancels everything that is running. */
  stop(): void {
    this.#watched = new Map();
    this.#lookAt(-Infinity);
    this.#cancelAnnouncement?.();
    for (const cancellation of [...this.#cancellations]) cancellation.cancel();
    this.#log.flush();
  }

  #newlyWatched(certificate: StapledCertificate): Watched {
    const { ocspResponse: response, nextUpdate, isNamed } = certificate;
    const date = this.#runtime.clock.date();
    return {
      certificate,
      responders: [],
      response,
      isChanged: false,
      until: isNamed && nextUpdate === undefined ? Infinity : this.#until(nextUpdate, date),
      due: Infinity,
      failures: 0,
      isRevoked: false,
      isBusy: false,
    };
  }

  /** Finds the responders for each certificate, without blocking the event loop for long. */
  async #survey(all: ReadonlyMap<string, Watched>): Promise<void> {
    let looked = 0;
    for (const watched of all.values()) {
      if (++looked % LOOKED_AT_ONCE === 0) await this.#runtime.clock.turn();
      if (all !== this.#watched) return;
      if (this.#plan?.directory === "" || watched.certificate.isNamed) watched.due = Infinity;
      else if (watched.due === Infinity) this.#findResponders(watched);
    }
    this.#look();
  }

  #findResponders(watched: Watched): void {
    const { certificateChain, source } = watched.certificate;
    try {
      const { certificate, issuer } = ocspSubject(certificateChain);
      watched.responders = ocspResponders(certificate);
      if (watched.responders.length === 0) return this.#leaveOut(watched);
      if (issuer === undefined) return this.#log.noIssuer(source);
      const { clock } = this.#runtime;
      watched.due = clock.now() + (watched.response === undefined ? 0 : this.#pause(watched.until));
    } catch (error) {
      this.#log.unreadable(source, error as Error);
    }
  }

  /** Nothing will ever be fetched for it. */
  #leaveOut({ certificate: { fingerprint }, response, isChanged }: Watched): void {
    this.#without.add(fingerprint);
    if (response === undefined && !isChanged) this.#watched.delete(fingerprint);
  }

  /** Does what is due, and schedules the next look. */
  #look(): void {
    const { clock } = this.#runtime;
    const now = clock.now();
    const date = clock.date().getTime();
    // The system's date may be changed at any time, and no timer notices that.
    let next = now + LOOK_PERIOD;
    for (const watched of this.#watched.values()) {
      if (watched.response !== undefined) {
        const left = watched.until - MARGIN - date;
        if (left > 0) next = Math.min(next, now + left);
        else this.#takeBack(watched);
      }
      if (watched.isBusy) continue;
      if (watched.due <= now) this.#begin(watched);
      else next = Math.min(next, watched.due);
    }
    this.#nextLook = Infinity;
    this.#lookAt(next);
  }

  /** Looks at this time, or earlier if that is already scheduled. */
  #lookAt(time: number): void {
    if (time >= this.#nextLook) return;
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    this.#nextLook = Infinity;
    if (this.#watched.size === 0) return;
    const { clock } = this.#runtime;
    this.#nextLook = time;
    this.#cancelLook = clock.after(Math.max(1, time - clock.now()), () => this.#look());
  }

  #takeBack(watched: Watched): void {
    this.#change(watched, undefined);
    this.#log.outdated(watched.certificate.source);
  }

  /** Fetches a response, unless enough are being fetched: each fetch that ends looks for more work. */
  #begin(watched: Watched): void {
    const { responders, failures } = watched;
    const responder = responders[failures % responders.length];
    if (responder === undefined) return;
    const { host } = responder;
    const atHost = this.#asked.get(host) ?? 0;
    if (this.#cancellations.size >= MAX_REQUESTS || atHost >= MAX_REQUESTS_TO_ONE) return;
    // Moves it to the end: those that fail and are due again come after those that have not had their turn.
    const { fingerprint } = watched.certificate;
    this.#watched.delete(fingerprint);
    this.#watched.set(fingerprint, watched);
    const cancellation = new Cancellation();
    this.#cancellations.add(cancellation);
    this.#asked.set(host, atHost + 1);
    watched.isBusy = true;
    this.#fetch(watched, responder, cancellation).finally(() => {
      this.#cancellations.delete(cancellation);
      this.#asked.set(host, this.#asked.get(host)! - 1);
      watched.isBusy = false;
      this.#lookAt(this.#runtime.clock.now() + LOOK_PAUSE);
    });
  }

  /** Never rejects. */
  async #fetch(watched: Watched, responder: URL, cancellation: Cancellation): Promise<void> {
    const { certificateChain, fingerprint } = watched.certificate;
    const isOver = () => this.#watched.get(fingerprint) !== watched;
    const { connectTimeout, responseTimeout: timeout } = this.#plan!;
    try {
      const { certificate, issuer } = ocspSubject(certificateChain);
      const fetched = await fetchOcspResponse(
        { certificate, issuer: issuer!, responder, connectTimeout, timeout, cancellation },
        this.#runtime,
      );
      if (isOver()) return;
      this.#take(watched, responder, fetched);
      await this.#store(watched, fetched);
    } catch (error) {
      if (!isOver()) this.#fail(watched, responder, error as Error);
    }
  }

  #take(watched: Watched, responder: URL, { bytes, validity }: FetchedResponse): void {
    const { clock } = this.#runtime;
    const { source } = watched.certificate;
    if (validity === undefined) {
      if (!watched.isRevoked) this.#log.revoked(source, responder);
      this.#change(watched, undefined);
      watched.due = clock.now() + this.#pause(Infinity);
    } else {
      watched.until = this.#until(validity.nextUpdate, clock.date());
      this.#change(watched, toBase64(bytes));
      watched.due = clock.now() + this.#pause(watched.until);
      this.#log.fetched(source, responder, watched);
    }
    watched.isRevoked = validity === undefined;
    watched.failures = 0;
  }

  #fail(watched: Watched, responder: URL, error: Error): void {
    watched.failures++;
    const pause = retryPause(watched.failures, this.#pace());
    watched.due = this.#runtime.clock.now() + pause;
    this.#log.failed({ ...watched, responder, error, pause });
  }

  async #store({ certificate: { source } }: Watched, { bytes }: FetchedResponse): Promise<void> {
    const { directory } = this.#plan!;
    const path = `${directory.replace(/\/$/, "")}/${hitchResponseName(source)}`;
    try {
      await this.#runtime.files.replace(path, bytes, MODE);
    } catch (error) {
      this.#log.notStored(directory, error as Error);
    }
  }

  #change(watched: Watched, response: string | undefined): void {
    if (watched.response === response) return;
    watched.response = response;
    watched.isChanged = true;
    this.#cancelAnnouncement ??= this.#runtime.clock.after(ANNOUNCEMENT_PAUSE, () => {
      this.#cancelAnnouncement = undefined;
      this.#announce();
    });
  }

  /** A response without an end date is kept for two refresh intervals, so two fetches are due before it is dropped. */
  #until(nextUpdate: Date | undefined, date: Date): number {
    return nextUpdate?.getTime() ?? date.getTime() + 2 * this.#plan!.refreshInterval;
  }

  /** Milliseconds until the next fetch, for a response that is valid until a date. */
  #pause(until: number): number {
    return refreshPause(until - this.#runtime.clock.date().getTime(), this.#pace());
  }

  #pace(): OcspPace {
    return { refreshInterval: this.#plan!.refreshInterval, random: this.#random() };
  }
}

// All times are in milliseconds.
const LOOK_PERIOD = 60_000;
/** A look at ten thousand certificates takes a millisecond, so not every answer causes one. */
const LOOK_PAUSE = 10;
/** Responses are withdrawn a little before they expire. */
const MARGIN = 1_000;
/** Changes within this time go to the workers together. */
const ANNOUNCEMENT_PAUSE = 100;
const MAX_REQUESTS = 8;
/** One responder that hangs does not delay the others. */
const MAX_REQUESTS_TO_ONE = 2;
const LOOKED_AT_ONCE = 10;
const MODE = 0o644;
