import type { TaskDefinition } from "../../core/task.ts";

/** How long a task that no process states any more is remembered, in s. */
const REMEMBERED_S = 3600;

/** -1 is Python's "none". */
const NONE = -1;

/**
 * The arguments of lua/register.lua: how long to remember, then each task that has its function here,
 * as Python Spinach writes it.
 *
 * Source: spinach/task.py Task.serialize
 */
export function statedTasks(tasks: readonly TaskDefinition[]): string[] {
  const stated = tasks.filter(({ fn }) => fn !== undefined).map(serialize);
  return [String(REMEMBERED_S), ...stated];
}

function serialize(task: TaskDefinition): string {
  const { name, queue, maxRetries, maxConcurrency = NONE, periodicityMs } = task;
  return JSON.stringify({
    max_concurrency: maxConcurrency,
    max_retries: maxRetries,
    name,
    periodicity: periodicityMs === undefined ? NONE : periodicityMs / 1000,
    queue,
  });
}
