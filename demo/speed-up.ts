import { Batch, Engine, MemoryBroker, ThreadWorkers } from "spinach";

import { measure, tasks } from "./file-tasks.ts";
import { counted } from "./text.ts";

/** Measures the same files again, on one thread and on all; they have just been read, so no disk is in the way. */
export async function speedUp(paths: readonly string[], threads: number): Promise<string> {
  if (paths.length === 0) return "";
  const oneMs = await timeOn(1, paths);
  const allMs = await timeOn(threads, paths);
  return (
    `${counted(threads, "thread")}: ${(oneMs / allMs).toFixed(2)}x the speed of one thread ` +
    `(${counted(paths.length, "file")} once more: ${allMs.toFixed(0)} ms, ${oneMs.toFixed(0)} ms)\n`
  );
}

/** In ms, without the start of the threads. */
async function timeOn(number: number, paths: readonly string[]): Promise<number> {
  const spin = new Engine(new MemoryBroker());
  spin.attachTasks(tasks);
  try {
    await spin.startWorkers({ workers: new ThreadWorkers({ number }) });
    const warm = paths.slice(0, number);
    await runAll(spin, warm);
    const startedMs = performance.now();
    await runAll(spin, paths);
    return performance.now() - startedMs;
  } finally {
    await spin.close({ timeout: 0 });
  }
}

async function runAll(spin: Engine, paths: readonly string[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = paths.length;
  const ended = (): void => {
    left -= 1;
    if (left === 0) resolve();
  };
  spin.on("jobFinished", ended);
  const batch = new Batch();
  for (const path of paths) batch.schedule(measure.with({ maxRetries: 0 }), path);
  await spin.scheduleBatch(batch);
  await promise;
  spin.off("jobFinished", ended);
}
