/**
 * The supervisor's end of the channel: the requests to its worker that are not answered yet. An answer belongs to
 * a request by its id. One with an unknown id, or one that does not fit its request, violates the protocol. No
 * wait for an answer is endless, and a worker that does not answer for too long is ended.
 */

import { type Deferred, deferred } from "../deferred.ts";
import { CertificatesRefused, PortInUseError, StartupError } from "../errors.ts";
import type { Clock } from "../runtime/runtime.ts";
import { type Answer, FAULT, type RequestKind, REQUESTS } from "./messages.ts";
import { ProtocolError } from "./shapes.ts";
import type { RawAnswer } from "./worker_messages.ts";

/** Options of the questions to one worker. */
export interface QuestionsOptions {
  readonly clock: Pick<Clock, "after">;
  /** Prefix of error messages for the operator. */
  readonly name: string;
  /** Called when the worker has not answered for too long. */
  readonly onOverdue: (breach: string) => void;
}

/** How to ask a question. */
export interface AskOptions<Kind extends RequestKind> {
  /** The answer may take any time. */
  readonly patient?: boolean;
  /** Throws {@linkcode ProtocolError} for an answer with the right shape that does not fit the question. */
  readonly check?: (answer: Answer<Kind>) => void;
}

/** Asks one worker. */
export class Questions {
  readonly #options: QuestionsOptions;
  /** By id. */
  readonly #open = new Map<number, Question>();
  #lastId = 0;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /**
   * Creates a request to send, and a promise of its answer. It rejects with {@linkcode StartupError} if the worker
   * could not do it, does not answer or is gone; with {@linkcode CertificatesRefused} if certificates are the
   * cause.
   */
  ask<Kind extends RequestKind>(
    kind: Kind,
    { patient = false, check }: AskOptions<Kind> = {},
  ): { id: number; answer: Promise<Answer<Kind>> } {
    const id = ++this.#lastId;
    const answer = deferred<unknown>();
    answer.promise.catch(() => {}); // The answer may be unused.
    const cancel = patient ? () => {} : this.#limit(answer);
    this.#open.set(id, { kind, answer, cancel, check: check as Question["check"] });
    return { id, answer: answer.promise as Promise<Answer<Kind>> };
  }

  /** Processes an answer. Throws {@linkcode ProtocolError}. */
  take({ id, fields }: RawAnswer): void {
    const question = this.#open.get(id as number);
    if (question === undefined) throw new ProtocolError("an answer without a request");
    const { kind, answer, cancel, check } = question;
    if (fields.fault !== undefined) {
      const fault = FAULT(fields, "answer");
      answer.reject(this.#error(kind, fault));
    } else {
      const given = REQUESTS[kind].answer(fields, "answer");
      check?.(given);
      answer.resolve(given);
    }
    cancel();
    this.#open.delete(id as number);
  }

  /** Whether a request of one of these kinds is not answered yet. */
  isOpen(...kinds: readonly RequestKind[]): boolean {
    return [...this.#open.values()].some(({ kind }) => kinds.includes(kind));
  }

  /** The worker is gone: no more answers will come. */
  end(error: Error): void {
    for (const { answer, cancel } of this.#open.values()) {
      cancel();
      answer.reject(error);
    }
    this.#open.clear();
  }

  #error(kind: RequestKind, { fault, portInUse, refused }: ReturnType<typeof FAULT>): Error {
    if (refused !== undefined) return new CertificatesRefused(refused);
    // Without its name: there is no worker yet that must be distinguished from others.
    if (kind === "start") return portInUse ? new PortInUseError(fault) : new StartupError(fault);
    return new StartupError(`${this.#options.name}: ${fault}`);
  }

  /** Stops waiting for an answer after a time, and after a longer time calls `onOverdue`. */
  #limit(answer: Deferred<unknown>): () => void {
    const { clock, name, onOverdue } = this.#options;
    let cancel = clock.after(ANSWER_LIMIT, () => {
      // The question stays open, so a late answer does not violate the protocol.
      answer.reject(new StartupError(`${name}: no answer within ${ANSWER_LIMIT / 1000} s`));
      cancel = clock.after(
        LAST_ANSWER_LIMIT - ANSWER_LIMIT,
        () => onOverdue(`no answer within ${LAST_ANSWER_LIMIT / 1000} s`),
      );
    });
    return () => cancel();
  }
}

interface Question {
  readonly kind: RequestKind;
  readonly answer: Deferred<unknown>;
  readonly cancel: () => void;
  readonly check: ((answer: unknown) => void) | undefined;
}

/** Max milliseconds to wait for an answer. */
const ANSWER_LIMIT = 60_000;
/** Max milliseconds before the worker is ended: until then it may merely be slow. */
const LAST_ANSWER_LIMIT = 300_000;
