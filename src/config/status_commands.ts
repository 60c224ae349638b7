/** The words that, as the first argument, ask a running stud instead of starting one. */

/** The commands. A PEM file of such a name is given as `./status`. */
export const STATUS_COMMANDS = ["status", "top"] as const;

/** One of {@linkcode STATUS_COMMANDS}. */
export type StatusCommand = typeof STATUS_COMMANDS[number];

/** An option of such a command. */
export interface StatusOption {
  readonly name: string;
  readonly short?: string;
  /** In a few words. */
  readonly brief: string;
  /** The commands that have it. */
  readonly of: readonly StatusCommand[];
}

/** The options of these commands, which have none of the others. */
export const STATUS_OPTIONS: readonly StatusOption[] = [
  { name: "json", brief: "print the whole status as JSON", of: ["status"] },
  { name: "help", short: "h", brief: "show help", of: STATUS_COMMANDS },
];
