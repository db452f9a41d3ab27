import type { StoredJob } from "../core/job.ts";
import { type Moment, settle } from "../core/outcome.ts";
import type { Runtime } from "../platform/runtime.ts";
import type { FinishedJob } from "../workers/workers.ts";
import type { JobReporter } from "./job-reporter.ts";
import type { Outbox } from "./outbox.ts";

/** What the endings of jobs go to. */
export interface JobEndingsParts {
  readonly runtime: Runtime;
  readonly reporter: JobReporter;
  readonly outbox: Outbox;
}

/** Decides what becomes of jobs whose tasks have ended. */
export class JobEndings {
  readonly #parts: JobEndingsParts;
  readonly #lost = new WeakSet<StoredJob>();

  constructor(parts: JobEndingsParts) {
    this.#parts = parts;
  }

  /** The lease was lost while these ran: whatever comes of them is not said to the broker. */
  lose(running: readonly StoredJob[]): void {
    for (const stored of running) this.#lost.add(stored);
  }

  /** A lost run may go on while its job comes again: that one is another. */
  isLost(stored: StoredJob): boolean {
    return this.#lost.has(stored);
  }

  ended(finished: FinishedJob): void {
    const { outbox, reporter } = this.#parts;
    const { stored, result } = finished;
    const outcome = this.isLost(stored) ? undefined : settle(stored, result, this.#moment);
    if (outcome !== undefined) outbox.add(outcome);
    reporter.finished(finished, outcome);
  }

  readonly #moment = (): Moment => {
    const { clock, random } = this.#parts.runtime;
    return { nowMs: clock.now(), random: random() };
  };
}
