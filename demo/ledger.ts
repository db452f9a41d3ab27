import type { Failure } from "./failure.ts";
import type { FileFacts } from "./measure-file.ts";

/** Length of the table of the largest files. */
const LARGEST = 10;

/** Failures that are kept to be listed; more are only counted, so that memory stays bounded. */
const LISTED_FAILURES = 100;

/** Files to measure again, to compare: at most so many, of at most so many bytes together. */
const SAMPLE_FILES = 2000;
const SAMPLE_BYTES = 268_435_456;

interface Waiter {
  readonly most: number;
  readonly resolve: () => void;
}

/** Counts what was scheduled and what became of it; keeps no more than the report shows. */
export class Ledger {
  scheduled = 0;
  succeeded = 0;
  failed = 0;
  skipped = 0;
  unlistedFolders = 0;
  bytes = 0;
  lines = 0;
  readonly failures: Failure[] = [];
  /** Some of the files that were measured. */
  readonly sample: string[] = [];
  #largest: FileFacts[] = [];
  #waiters: Waiter[] = [];
  #isInterrupted = false;
  readonly #startedAtMs = performance.now();
  /** Whether others do jobs of this process, and it does theirs: then it does not know how many are left. */
  readonly isShared: boolean;

  constructor({ isShared }: { readonly isShared: boolean }) {
    this.isShared = isShared;
  }

  /** Jobs that have ended for good. */
  get ended(): number {
    return this.succeeded + this.failed;
  }

  get seconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000;
  }

  /** Largest first. */
  get largest(): readonly FileFacts[] {
    return this.#largest;
  }

  jobSucceeded(facts: FileFacts): void {
    this.succeeded += 1;
    this.bytes += facts.bytes;
    if (this.sample.length < SAMPLE_FILES && this.bytes < SAMPLE_BYTES)
      this.sample.push(facts.path);
    this.lines += facts.lines;
    this.#keepIfLarge(facts);
    this.#wakeWaiters();
  }

  jobFailed(failure: Failure): void {
    this.failed += 1;
    this.#keepFailure(failure);
    this.#wakeWaiters();
  }

  /** A folder that cannot be listed is no job, but nothing must be missing in silence. */
  folderFailed(failure: Failure): void {
    this.unlistedFolders += 1;
    this.#keepFailure(failure);
  }

  /** Resolves when at most so many scheduled jobs have not ended, or after an interrupt. */
  async outstandingAtMost(most: number): Promise<void> {
    if (this.isShared || this.#outstanding <= most || this.#isInterrupted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ most, resolve });
    await promise;
  }

  /** Nobody waits for the jobs any more. */
  interrupt(): void {
    this.#isInterrupted = true;
    this.#wakeWaiters();
  }

  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  get #outstanding(): number {
    return this.scheduled - this.ended;
  }

  #wakeWaiters(): void {
    if (this.#waiters.length === 0) return;
    const isDone = ({ most }: Waiter): boolean => this.#isInterrupted || this.#outstanding <= most;
    for (const { resolve } of this.#waiters.filter(isDone)) resolve();
    this.#waiters = this.#waiters.filter((waiter) => !isDone(waiter));
  }

  #keepIfLarge(facts: FileFacts): void {
    const smallest = this.#largest[LARGEST - 1];
    if (smallest !== undefined && facts.bytes <= smallest.bytes) return;
    this.#largest = [...this.#largest, facts]
      .toSorted((one, other) => other.bytes - one.bytes)
      .slice(0, LARGEST);
  }

  #keepFailure(failure: Failure): void {
    if (this.failures.length < LISTED_FAILURES) this.failures.push(failure);
  }
}
