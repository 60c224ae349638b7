/** What a proxy inside another program tells about itself: the part of the status that one process knows. */

import { SeriesView } from "./series_view.ts";
import type { SeriesValues } from "../metrics/series.ts";
import type { Plan } from "../plan/plan.ts";
import { CertificatesStatus } from "./certificate_status.ts";
import { workerFamilies } from "./families_view.ts";
import { formatMetrics, type MetricsFormat } from "./openmetrics.ts";
import type { ProxyStatus } from "./proxy_status.ts";
import type { ServedFrontend } from "./subject.ts";
import {
  backendsOf,
  type Faults,
  frontendNamer,
  frontendsOf,
  handshakesOf,
  totalsOf,
} from "./traffic_status.ts";

/** Tells about one proxy. */
export class ProxyReport {
  readonly #startedAt: Date;
  readonly #frontends: readonly ServedFrontend[];
  readonly #certificates = new CertificatesStatus();
  #isDraining = false;

  constructor(plan: Plan, frontends: readonly ServedFrontend[], startedAt: Date) {
    this.#startedAt = startedAt;
    this.#frontends = frontends;
    this.#certificates.use(plan, frontends);
  }

  /** A drain has begun. */
  drains(): void {
    this.#isDraining = true;
  }

  /** Everything, with what has been counted and has failed by now. */
  status(values: SeriesValues, faults: Faults, now: Date): ProxyStatus {
    const view = this.#view(values);
    return {
      time: now.toISOString(),
      startedAt: this.#startedAt.toISOString(),
      uptime: Math.max(0, (now.getTime() - this.#startedAt.getTime()) / 1_000),
      state: this.#isDraining ? "draining" : "serving",
      totals: totalsOf(view),
      frontends: frontendsOf(view, this.#frontends, !this.#isDraining),
      backends: backendsOf(view, faults),
      certificates: this.#certificates.certificates(new Map(), now),
      handshakes: handshakesOf(view, faults),
    };
  }

  /** What has been counted, as text for Prometheus. */
  metrics(values: SeriesValues, format: MetricsFormat): string {
    return formatMetrics(workerFamilies([{ index: "", view: this.#view(values) }]), format);
  }

  #view(values: SeriesValues): SeriesView {
    return new SeriesView([values], frontendNamer(this.#frontends));
  }
}
