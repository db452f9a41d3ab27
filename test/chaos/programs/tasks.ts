/** The tasks of the load. A module of its own, so that threads can load it. */
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, threadId } from "node:worker_threads";

import {
  AbortError,
  currentJob,
  LeaseLostError,
  RetryError,
  Tasks,
  WorkersStoppedError,
} from "spinach";

import { monotonicMs, openJournal, type RunEnd } from "../journal.ts";
import {
  type JobPlan,
  LOAD_NAMES,
  type LoadTask,
  loadTask,
  PAYLOAD_TEXT,
  PERIODS,
  textOf,
} from "../load.ts";
import type { PlannedTask } from "./planned-load.ts";

const note = openJournal();

export const load: Tasks = new Tasks({ module: import.meta.url });
/** By name. */
export const loadTasks: Map<string, PlannedTask> = new Map<string, PlannedTask>();
for (const name of LOAD_NAMES) {
  const task: LoadTask | undefined = loadTask(name);
  if (task === undefined) continue;
  const { maxRetries, maxConcurrency, timeout, blocks = false } = task;
  const added = load.task(
    name,
    { maxRetries, maxConcurrency, timeout },
    async (key: string, plan: JobPlan, payload: unknown, text: string) => {
      const isWhole = JSON.stringify(payload) === PAYLOAD_TEXT && text === textOf(key, plan);
      if (!isWhole) note({ event: "corrupt", key });
      await noted(key, () => follow(plan, blocks));
    },
  );
  loadTasks.set(name, added);
}

/** Periodic tasks. */
export const beats: Tasks = new Tasks({ module: import.meta.url });
for (const [name, periodicity] of Object.entries(PERIODS)) beats.task(name, { periodicity }, beat);

export async function beat(): Promise<void> {
  await noted(undefined, async () => undefined);
}

async function follow({ lastsMs, throws, aborts, dies }: JobPlan, blocks: boolean): Promise<void> {
  const job = currentJob();
  if (job === undefined) throw new TypeError("not inside a job");
  if (blocks) turnInCircles(lastsMs);
  else if (lastsMs > 0) await sleep(lastsMs, undefined, { signal: job.signal });
  if (dies && job.retries === 0) endThread();
  if (job.retries < throws) {
    const at = new Date(Date.now() + 50 + 40 * lastsMs);
    throw job.retries % 2 === 0 ? new RetryError("planned", { at }) : new Error("planned");
  }
  if (aborts) throw new AbortError("planned");
}

function endThread(): void {
  if (isMainThread) throw new TypeError("only a thread can end without its process");
  note({ event: "thread-death", thread: threadId });
  process.exit(1);
}

function turnInCircles(ms: number): void {
  const end = monotonicMs() + ms;
  while (monotonicMs() < end);
}

async function noted(key: string | undefined, run: () => Promise<void>): Promise<void> {
  const job = currentJob();
  if (job === undefined) throw new TypeError("not inside a job");
  const { id, taskName: task, retries: attempt, at, signal } = job;
  const dueMs = at.getTime();
  note({
    event: "start",
    wallMs: Date.now(),
    key: key ?? id,
    id,
    task,
    attempt,
    thread: threadId,
    dueMs,
  });
  let how: RunEnd = "ok";
  try {
    await run();
  } catch (error) {
    how = endOf(signal, error);
    throw error;
  } finally {
    note({ event: "end", id, attempt, how });
  }
}

function endOf(signal: AbortSignal, error: unknown): RunEnd {
  if (error instanceof AbortError) return "aborted";
  if (error instanceof RetryError || !signal.aborted) return "threw";
  if (signal.reason instanceof WorkersStoppedError) return "stopped";
  return signal.reason instanceof LeaseLostError ? "fenced" : "threw";
}
