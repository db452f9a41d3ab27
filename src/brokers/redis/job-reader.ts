import { MalformedJobError } from "../../core/errors.ts";
import { decodeHead, decodeJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import type { HeldText } from "./held-texts.ts";
import { heldId, isReadAlike } from "./own-head.ts";
import type { QuarantineLog } from "./quarantine-log.ts";
import type { UnreadableJob } from "./settle-request.ts";

/**
 * A job as a broker holds it, which the scripts read in the same way.
 * @throws MalformedJobError if it cannot be read, or in two ways
 */
function decodeHeld(wire: string, status?: JobStatus): StoredJob {
  const stored = ofNoKeyOfOurs(decodeJob(wire, status));
  if (isReadAlike(stored)) return stored;
  throw new MalformedJobError(wire, "its id, task_name or queue is given twice, or escaped");
}

/** `_`, with which our own keys start. */
const UNDERSCORE = 95;

/** To put it back into its queue would be to put it among what we keep under that name. */
function ofNoKeyOfOurs(stored: StoredJob): StoredJob {
  if (stored.job.queue.charCodeAt(0) !== UNDERSCORE) return stored;
  throw new MalformedJobError(stored.wire, 'its queue starts with "_", which Spinach keeps');
}

/**
 * The same of a job that was read together with the id by which it is held, whole or its first part.
 * @throws MalformedJobError if it is held by the id of another
 */
export function decodeHeldBy({ id, text, isHead }: HeldText, status?: JobStatus): StoredJob {
  const stored = isHead ? ofNoKeyOfOurs(decodeHead(text)) : decodeHeld(text, status);
  if (stored.job.id === id) return stored;
  throw new MalformedJobError(text, "it is held by the id of another job");
}

/** Reads the jobs that a broker holds, and remembers those that no task can run, to be set aside. */
export class JobReader {
  readonly #log: QuarantineLog;
  readonly #onUnreadable: () => void;
  /** The id by which the broker holds it, or else what was read -> what is told of it. */
  readonly #unreadable = new Map<string, UnreadableJob>();

  /** @param onUnreadable - there is something to set aside, where there was nothing */
  constructor(log: QuarantineLog, onUnreadable: () => void) {
    this.#log = log;
    this.#onUnreadable = onUnreadable;
  }

  /** Those that can be read. */
  read(wires: readonly string[]): readonly StoredJob[] {
    const jobs: StoredJob[] = [];
    for (const wire of wires) {
      try {
        jobs.push(decodeHeld(wire, JobStatus.RUNNING));
      } catch (error) {
        this.#note(error, heldId(wire));
      }
    }
    return jobs;
  }

  /** The same, of texts with the ids by which they are held. */
  readHeld(held: readonly HeldText[]): readonly StoredJob[] {
    const jobs: StoredJob[] = [];
    for (const each of held) {
      try {
        jobs.push(decodeHeldBy(each, JobStatus.RUNNING));
      } catch (error) {
        this.#note(error, each.id);
      }
    }
    return jobs;
  }

  /** To be told to the next exchange, and at once, since they may hold permits. */
  get unreadable(): readonly UnreadableJob[] {
    return [...this.#unreadable.values()];
  }

  /** They are set aside, or others'. */
  forget(jobs: readonly UnreadableJob[] = this.unreadable): void {
    for (const { id, wire } of jobs) this.#unreadable.delete(wire ?? id);
  }

  #note(err: unknown, id: string | undefined): void {
    if (!(err instanceof MalformedJobError)) throw err;
    const { wire, message: reason } = err;
    const key = id ?? wire;
    if (this.#unreadable.has(key)) return;
    this.#unreadable.set(key, id === undefined ? { id: "", wire, reason } : { id, reason });
    this.#log.tell({ err }, "set aside a job that cannot be read");
    if (this.#unreadable.size === 1) this.#onUnreadable();
  }
}
