/** The log lines about OCSP responses: failures once, successes as rarely as possible. */

import type { Logger } from "../log/log.ts";
import type { Repeats, RepeatSummary } from "../log/repeats.ts";

/** An attempt that failed. */
export interface OcspFailure {
  readonly certificate: { readonly source: string };
  readonly responder: URL;
  readonly error: Error;
  /** Attempts that failed in a row, including this one. */
  readonly failures: number;
  /** Milliseconds until the next. */
  readonly pause: number;
  /** What is stapled meanwhile, if anything. */
  readonly response: string | undefined;
  /** The date in milliseconds until which it is stapled. */
  readonly until: number;
}

/** Turns events into lines. */
export class OcspLog {
  readonly #log: Logger;
  readonly #repeats: Repeats<string>;
  #saidNotStored = false;

  constructor(log: Logger, repeats: Repeats<string>) {
    this.#log = log;
    this.#repeats = repeats;
  }

  /** Starts again with other settings: what is logged once is logged again. */
  begin(): void {
    this.#saidNotStored = false;
  }

  /** Only the first failure in a row gets a line of its own. */
  failed({ certificate, responder, error, failures, pause, response, until }: OcspFailure): void {
    const { source } = certificate;
    const kind = `${responder.host}: ${error.message}`;
    const level = failures === 1 && this.#repeats.isFirst(kind, source) ? "warning" : "debug";
    this.#log[level](
      "OCSP: no response for {source} from {responder}: {reason}; {rest}; next attempt in " +
        "{seconds} s",
      {
        source,
        responder: responder.href,
        reason: error.message,
        rest: response === undefined
          ? "nothing is stapled"
          : until === Infinity
          ? "keeping the last response"
          : `keeping the last response until ${new Date(until).toISOString()}`,
        seconds: Math.round(pause / 1000),
      },
    );
  }

  /** Failures of a kind after the first. */
  sum({ kind, count, detail, seconds }: RepeatSummary<string>): void {
    this.#log.warning(
      "OCSP: no response: {count} more within {seconds} s from {kind}, the last one: {source}",
      { count, seconds, kind, source: detail },
    );
  }

  /** Only a success after a failure gets a line. */
  fetched(
    source: string,
    responder: URL,
    { failures, until }: Pick<OcspFailure, "failures" | "until">,
  ): void {
    this.#log[failures > 0 ? "info" : "debug"](
      "OCSP: new response for {source} from {responder}; stapled until {until}",
      { source, responder: responder.href, until: new Date(until).toISOString() },
    );
  }

  revoked(source: string, responder: URL): void {
    this.#log.error(
      "{source}: the certificate is revoked according to {responder}; nothing is stapled, and clients that " +
        "check it refuse it; replace it",
      { source, responder: responder.href },
    );
  }

  outdated(source: string): void {
    this.#log.warning(
      "OCSP: the response for {source} has expired; nothing is stapled until there is a new one",
      { source },
    );
  }

  noIssuer(source: string): void {
    this.#log.info(
      "{source}: no OCSP response is fetched: the issuer's certificate does not follow the certificate in the " +
        "file; append it",
      { source },
    );
  }

  unreadable(source: string, { message }: Error): void {
    this.#log.warning("{source}: no OCSP response is fetched: {message}", { source, message });
  }

  notStored(directory: string, { message }: Error): void {
    if (this.#saidNotStored) return;
    this.#saidNotStored = true;
    this.#log.warning(
      "--ocsp-dir {directory}: cannot store OCSP responses, keeping them in memory only: {message}",
      { directory, message },
    );
  }

  flush(): void {
    this.#repeats.flush();
  }
}
