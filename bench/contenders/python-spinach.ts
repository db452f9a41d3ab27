import type { Setting } from "../lib/contender.ts";

/** What python/spinach_process.py does. */
export const SETTINGS: readonly Setting[] = [
  ["`AsyncioWorkers`", "its coroutines, as ours; its threads are for tasks that block"],
  ["`schedule_batch`, `max_retries=1`", "as ours"],
];
