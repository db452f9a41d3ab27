import { MAX_ATOMIC_JOBS } from "../../core/constants.ts";
import type { StoredJob } from "../../core/job.ts";
import type { LoopTurn } from "../../platform/loop-turn.ts";

/** Most bytes of jobs in one commit of several calls: nobody else writes meanwhile. */
const MAX_BYTES = 16 * 1024 * 1024;

interface Call {
  readonly jobs: readonly StoredJob[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls made in one turn of the event loop, or while a commit waits for its turn, share a commit: it costs
 * more than the jobs in it. A commit need not wait for anything: callers that await one after the other let the event
 * loop turn all the same.
 */
export class GroupCommit {
  readonly #commit: (jobs: readonly StoredJob[]) => Promise<void>;
  readonly #turn: LoopTurn;
  readonly #waiting: Call[] = [];
  #isCommitting = false;

  /** @param commit - takes jobs in, all or none */
  constructor(commit: (jobs: readonly StoredJob[]) => Promise<void>, turn: LoopTurn) {
    this.#commit = commit;
    this.#turn = turn;
  }

  /** Resolves when the jobs are in; rejects as `commit` does, and then none is. */
  enqueue(jobs: readonly StoredJob[]): Promise<void> {
    if (jobs.length === 0) return Promise.resolve();
    this.#turn.begin();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ jobs, resolve, reject });
    if (!this.#isCommitting) {
      this.#isCommitting = true;
      // Not yet: more calls may come in this turn.
      queueMicrotask(() => void this.#run());
    }
    return promise;
  }

  async #run(): Promise<void> {
    for (let calls = this.#next(); calls.length > 0; calls = this.#next()) {
      try {
        await this.#commit(calls.flatMap(({ jobs }) => jobs));
        const { wait } = this.#turn;
        if (wait !== undefined) await wait;
        for (const call of calls) call.resolve();
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    this.#isCommitting = false;
  }

  /** As many calls as one atomic commit takes: whole ones only, and at least one. */
  #next(): readonly Call[] {
    let [jobs, bytes, calls] = [0, 0, 0];
    for (const call of this.#waiting) {
      jobs += call.jobs.length;
      for (const { wire } of call.jobs) bytes += wire.length;
      if (calls > 0 && (jobs > MAX_ATOMIC_JOBS || bytes > MAX_BYTES)) break;
      calls += 1;
    }
    return this.#waiting.splice(0, calls);
  }
}
