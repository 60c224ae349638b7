/**
 * The start of a daemon, for both of its processes: the command, which waits, and the background process, which reports
 * how the start went.
 */

import { StartupError } from "../errors.ts";
import { type Daemon, pause, type Runtime, type Starter } from "../runtime/runtime.ts";
import type { StopSignals } from "./stop_signals.ts";

/**
 * Starts stud again in the background and resolves once it serves. `input` is what was read from standard input, which
 * the daemon does not have. Rejects with {@linkcode StartupError}, which has the daemon's reason.
 */
export async function goToBackground(
  runtime: Runtime,
  input: string | undefined,
  { stop }: Pick<StopSignals, "stop">,
): Promise<void> {
  const handover: Handover = { input };
  const daemon = await runtime.service.startDaemon(JSON.stringify(handover));
  // A signal to the command is meant for the daemon.
  stop.then(() => daemon.stop());
  const text = await answerOf(daemon, runtime);
  if (text === undefined) {
    daemon.stop(); // It might live on unnoticed.
    const { code, signal } = await daemon.ended;
    throw new StartupError(
      `--daemon: the background process exited before it served (${
        signal ?? `exit code ${code}`
      }); start stud without ` +
        "--daemon to see why",
    );
  }
  const { fault } = JSON.parse(text) as Answer;
  if (fault === undefined) return;
  // Once it has ended, the pidfile is free for the next attempt.
  await Promise.race([daemon.ended, pause(runtime.clock, END_LIMIT)]);
  throw new StartupError(fault);
}

/** Undefined if there is no answer, or none within a time that no start takes. */
async function answerOf(daemon: Daemon, { clock }: Runtime): Promise<string | undefined> {
  let cancel = () => {};
  const late = new Promise<undefined>((resolve) => {
    cancel = clock.after(START_LIMIT, () => resolve(undefined));
  });
  const text = await Promise.race([daemon.answer, late]);
  cancel();
  return text;
}

/** The waiting process, as the daemon sees it. */
export class BackgroundStart {
  /** What the command has read from standard input. */
  readonly input: string | undefined;
  readonly #starter: Starter;
  #answered = false;

  private constructor(starter: Starter) {
    this.#starter = starter;
    this.input = (JSON.parse(starter.handover || "{}") as Handover).input;
  }

  /** In a process that {@linkcode goToBackground} has started; undefined in any other. */
  static async join({ service }: Runtime): Promise<BackgroundStart | undefined> {
    const starter = await service.joinStarter();
    return starter === undefined ? undefined : new BackgroundStart(starter);
  }

  /** Reports that the workers serve. Never rejects. */
  served(): Promise<void> {
    return this.#answer({});
  }

  /** Reports that the start has failed; ignored after {@linkcode served}. Never rejects. */
  failed(fault: string): Promise<void> {
    return this.#answer({ fault });
  }

  async #answer(answer: Answer): Promise<void> {
    if (this.#answered) return;
    this.#answered = true;
    await this.#starter.answer(JSON.stringify(answer));
  }
}

/** From the command to the daemon. */
interface Handover {
  readonly input: string | undefined;
}

/** From the daemon to the command: why it does not serve, or nothing if it does. */
interface Answer {
  readonly fault?: string;
}

/** Milliseconds; a worker alone may take 60 s of it. */
const START_LIMIT = 150_000;
/** Milliseconds. */
const END_LIMIT = 5_000;
