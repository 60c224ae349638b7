/**
 * What the benchmark is made of: experiments, each of which measures one or more rows for every proxy. Types
 * only; rows.ts lists the experiments, and the file of each kind of measurement performs it.
 */

import type { Certificates } from "./certificates.ts";
import type { Proxy } from "./proxy.ts";

/** One line of a table. Less is better in every row. */
export interface Row {
  /** For JSON and for the targets of other rows; begins with the id of its experiment. */
  readonly id: string;
  /** With the unit. */
  readonly title: string;
  /** Digits after the point. */
  readonly digits: number;
  /** The most that the better of stud's engines may need. */
  readonly target?: Target;
  /** The most that stud on Node may need, as a multiple of bare Node's figure. */
  readonly timesBare?: number;
  /** The row's label in the picture, if it is there. */
  readonly picture?: string;
}

/**
 * A limit: a multiple of the best peer's figure, a figure in the row's unit, or a multiple of the same engine's
 * figure in another row.
 */
export type Target =
  | { readonly timesPeer: number }
  | { readonly atMost: number }
  | { readonly timesRow: number; readonly row: string };

/** Measures some rows. */
export interface Experiment {
  /** For `--rows`. */
  readonly id: string;
  /** The heading of the table that its rows are in. */
  readonly group: string;
  readonly rows: readonly Row[];
  /** Takes so long that it is measured in the first round only. */
  readonly once?: boolean;
  /** `--quick` leaves it out unless `--rows` names it: another experiment runs the same code. */
  readonly slow?: boolean;
  /** Measures `--stud-executable`, and is left out without it. */
  readonly executable?: boolean;
  measure(proxies: readonly Proxy[], place: Place): Promise<Samples>;
  /** The experiment with some of its rows, where those can be measured without the others. */
  only?(rows: readonly string[]): Experiment;
}

/** What all measurements of a run share. */
export interface Place {
  readonly certificates: Certificates;
  /** Where files are put. */
  readonly directory: string;
  /** Tiny amounts, all proxies at the same time: this tries the code and gives no figures. */
  readonly quick: boolean;
}

/** One measurement. */
export interface Sample {
  /** The id of its row. */
  readonly row: string;
  /** In the row's unit. */
  readonly value: number;
  /** The processor seconds it was read from, if it was. */
  readonly cpuSeconds?: number;
  /** The share of handshakes that resumed, where they should. */
  readonly resumed?: number;
}

/** What was measured of one proxy until it was all there or something failed. */
export interface Measured {
  readonly samples: readonly Sample[];
  readonly failure?: Error;
}

/** What was measured of each proxy, by its name; the samples of a row are in step with each other. */
export type Samples = Map<string, Measured>;
