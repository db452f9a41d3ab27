/** What a worker process schedules itself, on a queue that is quiet: it mostly stands idle there, and takes its own jobs. */
import { setTimeout as sleep } from "node:timers/promises";

import { AsyncWorkers, type Engine, EngineClosedError, type RunningWorkers } from "spinach";

import { monotonicMs, type Note } from "../journal.ts";
import type { ChildRequest } from "./child.ts";
import { PlannedLoad } from "./planned-load.ts";
import { loadTasks } from "./tasks.ts";

const QUEUE = "own";

/** Longest pause between two calls, in ms. */
const MAX_PAUSE_MS = 300;

/** Coroutines of its queue. */
const NUMBER = 3;

/** Works on the queue until it is stopped, and schedules jobs for it while faults happen. */
export class OwnLoad {
  readonly #engine: Engine;
  readonly #request: ChildRequest;
  readonly #load: PlannedLoad;
  #running: RunningWorkers | undefined;
  #isStopping = false;

  constructor(engine: Engine, request: ChildRequest, note: Note) {
    this.#engine = engine;
    this.#request = request;
    const prefix = `own-${request.seed}-${process.pid}`;
    const tasks = new Map(
      [...loadTasks].map(([name, task]) => [name, task.with({ queue: QUEUE })]),
    );
    const { seed } = request;
    this.#load = new PlannedLoad({ engine, note, seed, prefix, tasks, onThreads: false });
  }

  /** Rejects with BrokerError. */
  async start(): Promise<void> {
    const { closing } = this.#request;
    const workers = new AsyncWorkers({ number: NUMBER });
    try {
      const options = { workers, queue: QUEUE, stopWhenQueueEmpty: closing };
      this.#running = await this.#engine.startWorkers(options);
    } catch (error) {
      // A stop that was faster.
      if (!(error instanceof EngineClosedError)) throw error;
    }
    void this.#schedule();
  }

  /** Ends with calls under way: what becomes of these is to be told. */
  async stop(stopTimeout: number): Promise<void> {
    this.#isStopping = true;
    if (this.#request.closing) await this.#running?.finished;
    else await this.#running?.stop({ timeout: stopTimeout });
  }

  async #schedule(): Promise<void> {
    const { random } = this.#load;
    while (!this.#isStopping && monotonicMs() < this.#request.ownUntilMs) {
      const size = random() < 0.1 ? 1 + Math.floor(random() * 10) : 1;
      void this.#load.schedule(size);
      await sleep(MAX_PAUSE_MS * random());
    }
  }
}
