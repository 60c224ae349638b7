/**
 * The parts of the benchmark: experiments, each of which measures one or more rows for every proxy. Types only; rows.ts
 * lists the experiments, and each kind of measurement has its own file.
 */

import type { Certificates } from "./certificates.ts";
import type { Proxy } from "./proxy.ts";

/** One line of a table. Less is better in every row. */
export interface Row {
  /** For JSON and for the targets of other rows; starts with the id of its experiment. */
  readonly id: string;
  /** With the unit. */
  readonly title: string;
  /** Digits after the decimal point. */
  readonly digits: number;
  /** The max that the better of stud's engines may need. */
  readonly target?: Target;
  /** The max that stud on Node may need, as a multiple of bare Node's figure. */
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
  /** It takes so long that it is measured only in the first round. */
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
  /** Where files are written. */
  readonly directory: string;
  /** Tiny amounts, all proxies in parallel: this tests the code and gives no meaningful figures. */
  readonly quick: boolean;
}

/** One measurement. */
export interface Sample {
  /** The id of its row. */
  readonly row: string;
  /** In the row's unit. */
  readonly value: number;
  /** The processor seconds from which it was calculated, if it was. */
  readonly cpuSeconds?: number;
  /** The share of handshakes that resumed, if they should. */
  readonly resumed?: number;
}

/** The measurements of one proxy, until they were complete or something failed. */
export interface Measured {
  readonly samples: readonly Sample[];
  readonly failure?: Error;
}

/** The measurements of each proxy, by its name; the samples of a row have the same order for all proxies. */
export type Samples = Map<string, Measured>;
