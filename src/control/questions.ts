/**
 * The supervisor's end of the channel: what it has asked its worker and what is not answered yet. An answer belongs to a
 * request by its id; one that does not, or that does not fit what was asked, breaks the protocol. Nobody waits for an
 * answer for ever, and a worker that owes one for too long is given up.
 */

import { type Deferred, deferred } from "../deferred.ts";
import { CertificatesRefused, PortInUseError, StartupError } from "../errors.ts";
import type { Clock } from "../runtime/runtime.ts";
import { type Answer, FAULT, type RequestKind, REQUESTS } from "./messages.ts";
import { ProtocolError } from "./shapes.ts";
import type { RawAnswer } from "./worker_messages.ts";

/** What the questions to one worker need. */
export interface QuestionsOptions {
  readonly clock: Pick<Clock, "after">;
  /** Stands before what went wrong, for the operator. */
  readonly name: string;
  /** Called when the worker has owed an answer for too long. */
  readonly onOverdue: (breach: string) => void;
}

/** How a question is asked. */
export interface AskOptions<Kind extends RequestKind> {
  /** The answer may take any time. */
  readonly patient?: boolean;
  /** Throws {@linkcode ProtocolError} for an answer that has its shape and does not fit what was asked. */
  readonly check?: (answer: Answer<Kind>) => void;
}

/** Asks one worker. */
export class Questions {
  readonly #options: QuestionsOptions;
  /** By their ids. */
  readonly #open = new Map<number, Question>();
  #lastId = 0;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /**
   * Makes a request, to be sent, and a promise of its answer. It rejects with {@linkcode StartupError} if the worker
   * could not do it, does not answer or is gone; with {@linkcode CertificatesRefused} if it is for certificates.
   */
  ask<Kind extends RequestKind>(
    kind: Kind,
    { patient = false, check }: AskOptions<Kind> = {},
  ): { id: number; answer: Promise<Answer<Kind>> } {
    const id = ++this.#lastId;
    const answer = deferred<unknown>();
    answer.promise.catch(() => {}); // Not everybody waits for it.
    const cancel = patient ? () => {} : this.#limit(answer);
    this.#open.set(id, { kind, answer, cancel, check: check as Question["check"] });
    return { id, answer: answer.promise as Promise<Answer<Kind>> };
  }

  /** Takes an answer. Throws {@linkcode ProtocolError}. */
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

  /** Whether one of these is not answered yet. */
  isOpen(...kinds: readonly RequestKind[]): boolean {
    return [...this.#open.values()].some(({ kind }) => kinds.includes(kind));
  }

  /** No more answers come. */
  end(error: Error): void {
    for (const { answer, cancel } of this.#open.values()) {
      cancel();
      answer.reject(error);
    }
    this.#open.clear();
  }

  #error(kind: RequestKind, { fault, portInUse, refused }: ReturnType<typeof FAULT>): Error {
    if (refused !== undefined) return new CertificatesRefused(refused);
    // There is no worker yet that could be told from others.
    if (kind === "start") return portInUse ? new PortInUseError(fault) : new StartupError(fault);
    return new StartupError(`${this.#options.name}: ${fault}`);
  }

  /** Waits no longer for an answer, and later no longer for a worker that owes it. */
  #limit(answer: Deferred<unknown>): () => void {
    const { clock, name, onOverdue } = this.#options;
    let cancel = clock.after(ANSWER_LIMIT, () => {
      // The question stays open: an answer that comes late breaks no protocol.
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

/** Milliseconds that a worker may take to answer. */
const ANSWER_LIMIT = 60_000;
/** The same, before it is ended: until then it may merely be slow. */
const LAST_ANSWER_LIMIT = 300_000;
