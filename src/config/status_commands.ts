/** The words that, as the first argument, ask a running stud instead of starting one. */

/** The commands. A PEM file of such a name is given as `./status`. */
export const STATUS_COMMANDS = ["status", "top"] as const;

/** One of {@linkcode STATUS_COMMANDS}. */
export type StatusCommand = typeof STATUS_COMMANDS[number];
