import { decodeJob } from "../core/job-codec.ts";
import { JobStatus } from "../core/job-status.ts";
import type { StoredJob } from "../core/job.ts";
import type { RunnableTask } from "../core/task.ts";
import type { Runtime } from "../platform/runtime.ts";
import type { CurrentEngine } from "./current-engine.ts";
import { Execution } from "./execution.ts";

/** Runs one job outside any workers; its timeout is kept to the millisecond, without a grace. */
export async function runHere(
  { wire }: StoredJob,
  task: RunnableTask,
  runtime: Runtime,
  engine: CurrentEngine,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  new Execution(decodeJob(wire, JobStatus.RUNNING), task, {
    runtime,
    engine,
    timeoutGraceMs: 0,
    onFinished: (_execution, { result }) => {
      if (result.ok) resolve(result.value);
      else reject(result.error);
    },
  }).start();
  return promise;
}
