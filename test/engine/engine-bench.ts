import { MemoryBroker } from "../../src/brokers/memory/memory-broker.ts";
import { MemoryStore } from "../../src/brokers/memory/memory-store.ts";
import type { Job } from "../../src/core/job.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { RunningWorkers } from "../../src/engine/running-workers.ts";
import { FakeRuntime, settled } from "../../src/testing/fake-runtime.ts";
import { FaultBroker } from "../../src/testing/fault-broker.ts";
import { AsyncWorkers } from "../../src/workers/async-workers.ts";

/** An engine on simulated time, over a broker that can be made to fail. */
export interface EngineBench {
  readonly runtime: FakeRuntime;
  readonly store: MemoryStore;
  readonly broker: FaultBroker;
  readonly spin: Engine;
}

/** @param shared - the runtime and store of another bench, to be in its cluster */
export function engineBench(shared?: EngineBench): EngineBench {
  const runtime = shared?.runtime ?? new FakeRuntime();
  const store = shared?.store ?? new MemoryStore();
  const broker = new FaultBroker(new MemoryBroker({ store }));
  const spin = new Engine(broker, { runtime, logger: runtime.logger });
  return { runtime, store, broker, spin };
}

/** Works until the queue is empty; time passes as needed, for an hour at most. */
export async function drain(
  { spin, runtime }: EngineBench,
  options: { readonly number?: number; readonly queue?: string } = {},
): Promise<void> {
  const { number = 10, queue } = options;
  const workers = new AsyncWorkers({ number });
  const running = await spin.startWorkers({ workers, queue, stopWhenQueueEmpty: true });
  await passUntil(runtime, running.finished);
}

export async function startWorkers(
  { spin }: EngineBench,
  options: { readonly number?: number; readonly queue?: string } = {},
): Promise<RunningWorkers> {
  const { number = 10, queue } = options;
  return spin.startWorkers({ workers: new AsyncWorkers({ number }), queue });
}

/** Lets time pass, second by second, until something has happened; an hour at most. */
export async function passUntil(runtime: FakeRuntime, what: Promise<unknown>): Promise<void> {
  let happened = false;
  void what.then(() => {
    happened = true;
  });
  await settled();
  for (let second = 0; !happened; second += 1) {
    if (second > 3600) throw new Error("it did not happen within a simulated hour");
    await runtime.advance(1000);
  }
  await what;
}

/** What an engine says of its jobs, in order: `started name`, `finished name SUCCEEDED`, ... */
export function recordEvents(spin: Engine): { readonly lines: string[]; readonly jobs: Job[] } {
  const lines: string[] = [];
  const jobs: Job[] = [];
  const statuses = ["NOT_SET", "WAITING", "QUEUED", "RUNNING", "SUCCEEDED", "FAILED"];
  for (const name of ["jobStarted", "jobFailed", "jobRetryScheduled", "jobFinished"] as const) {
    spin.on(name, ({ job, err }) => {
      const what = name.replace("job", "").toLowerCase();
      const why = err instanceof Error ? ` (${err.message})` : "";
      lines.push(`${what} ${job.taskName} ${statuses[job.status]}${why}`);
      jobs.push(job);
    });
  }
  return { lines, jobs };
}
