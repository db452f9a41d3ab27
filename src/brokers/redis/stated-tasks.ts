import type { TaskDefinition } from "../../core/task.ts";

/** -1 is Python's "none". */
const NONE = -1;

/** The tasks that have their function here, as lua/register.lua takes them. */
export function statedTasks(tasks: readonly TaskDefinition[]): {
  readonly count: number;
  readonly fields: readonly string[];
} {
  const stated = tasks.filter(({ fn }) => fn !== undefined);
  return { count: stated.length, fields: stated.flatMap(fieldsOf) };
}

function fieldsOf(task: TaskDefinition): readonly string[] {
  const { name, queue, maxRetries, maxConcurrency = NONE, periodicityMs } = task;
  const periodicity = periodicityMs === undefined ? NONE : periodicityMs / 1000;
  const seconds = Math.ceil(periodicity);
  // As Python writes it. Source: spinach/task.py Task.serialize
  const text = JSON.stringify({
    max_concurrency: maxConcurrency,
    max_retries: maxRetries,
    name,
    // A Python process that makes a run adds this to the time, and stops if a fraction comes out.
    periodicity: seconds,
    ...(seconds !== periodicity && { period_ms: periodicityMs }),
    queue,
  });
  return [name, String(periodicity), String(maxConcurrency), text];
}
