/**
 * Warns 30, 7 and 1 days before a served certificate expires, and again when it has expired. Warns about revocation
 * lists too (see `warningDays`).
 */

import { counted } from "../counted.ts";
import type { Logger } from "../log/log.ts";
import type { Clock } from "../runtime/runtime.ts";
import { type CheckedCertificate, dateWarning, EXPIRY_DAYS } from "../x509/certificate_file.ts";
import {
  type RevocationList,
  revocationListWarning,
  warningDays,
} from "../x509/revocation_lists.ts";

/** Watches the dates of certificates and revocation lists. */
export class ExpiryWatch {
  readonly #clock: Clock;
  readonly #log: Logger;
  #certificates: readonly CheckedCertificate[] = [];
  #lists: readonly RevocationList[] = [];
  #lookedAt: Date;
  #disarm: () => void = () => {};

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
    this.#lookedAt = clock.date();
  }

  /** Watches these from now on. What is due today has been logged already. */
  use(
    certificates: readonly CheckedCertificate[],
    lists: readonly RevocationList[] = [],
  ): void {
    this.#certificates = certificates;
    this.#lists = lists;
    this.#lookedAt = this.#clock.date();
    this.#arm();
  }

  #arm(): void {
    this.#disarm();
    this.#disarm = this.#clock.after(PERIOD, () => this.#look());
  }

  #look(): void {
    const today = this.#clock.date();
    const before = this.#lookedAt;
    this.#lookedAt = today;
    const isDue = (one: Expiring) => momentsPassed(one, today) > momentsPassed(one, before);
    const due = this.#lists.flatMap(expiringList).filter(isDue);
    for (const certificate of this.#certificates) {
      const one = expiringCertificate(certificate);
      if (isDue(one)) due.push(one);
    }
    for (const one of due.slice(0, MAX_LINES)) {
      const warning = one.warning(today);
      const { source, end } = one;
      this.#log.warning("{warning}", { warning }, {
        event: "certificate_expires",
        fields: {
          ...{ source, notAfter: end.toISOString() },
          daysLeft: Math.round((end.getTime() - today.getTime()) / DAY * 10) / 10,
        },
      });
    }
    if (due.length > MAX_LINES) {
      const rest = counted(due.length - MAX_LINES, "more certificate");
      this.#log.warning("{rest} expire soon or have expired", { rest }, {
        fields: { rest: undefined, count: due.length - MAX_LINES },
      });
    }
    this.#arm();
  }
}

/** Something that expires. */
interface Expiring {
  /** Where it was read; for example a path. */
  readonly source: string;
  readonly end: Date;
  /** How many days before the end to warn. */
  readonly days: readonly number[];
  warning(today: Date): string | undefined;
}

function expiringCertificate(certificate: CheckedCertificate): Expiring {
  const { notAfter: end, source } = certificate;
  return { source, end, days: EXPIRY_DAYS, warning: (today) => dateWarning(certificate, today) };
}

function expiringList(list: RevocationList): Expiring[] {
  if (list.nextUpdate === undefined) return [];
  const end = new Date(list.nextUpdate);
  return [{
    source: list.source,
    end,
    days: warningDays(list),
    warning: (today) => revocationListWarning(list, today),
  }];
}

function momentsPassed({ end, days }: Expiring, today: Date): number {
  const left = (end.getTime() - today.getTime()) / DAY;
  return [...days, 0].filter((moment) => left < moment).length;
}

/** Milliseconds. */
const DAY = 86_400_000;
/** Milliseconds between two checks. */
const PERIOD = 3_600_000;
const MAX_LINES = 10;
