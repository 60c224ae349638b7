/** Says in time, and again, which of the certificates that are served expire: 30, 7 and 1 days before, and then. */

import type { Logger } from "../log/log.ts";
import type { Clock } from "../runtime/runtime.ts";
import { type CheckedCertificate, dateWarning, EXPIRY_DAYS } from "../tls/certificate.ts";

/** Looks after the dates of certificates. */
export class ExpiryWatch {
  readonly #clock: Clock;
  readonly #log: Logger;
  /** By certificate, how many of the moments to speak of have passed. */
  #passed = new Map<CheckedCertificate, number>();
  #disarm: () => void = () => {};

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Looks after these from now on. What is to be said of them today has been said. */
  use(certificates: readonly CheckedCertificate[]): void {
    const today = this.#clock.date();
    this.#passed = new Map(certificates.map((one) => [one, momentsPassed(one, today)]));
    this.#arm();
  }

  #arm(): void {
    this.#disarm();
    this.#disarm = this.#clock.after(PERIOD, () => this.#look());
  }

  #look(): void {
    const today = this.#clock.date();
    const due: CheckedCertificate[] = [];
    for (const [certificate, before] of this.#passed) {
      const now = momentsPassed(certificate, today);
      this.#passed.set(certificate, now);
      if (now > before) due.push(certificate);
    }
    for (const certificate of due.slice(0, MOST_LINES)) {
      this.#log.warning("{warning}", { warning: dateWarning(certificate, today) });
    }
    if (due.length > MOST_LINES) {
      this.#log.warning("{count} more certificates expire", { count: due.length - MOST_LINES });
    }
    this.#arm();
  }
}

function momentsPassed({ notAfter }: CheckedCertificate, today: Date): number {
  const days = (notAfter.getTime() - today.getTime()) / DAY;
  return [...EXPIRY_DAYS, 0].filter((moment) => days < moment).length;
}

/** Milliseconds. */
const DAY = 86_400_000;
/** Milliseconds between two looks. */
const PERIOD = 3_600_000;
const MOST_LINES = 10;
