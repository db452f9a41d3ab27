import type { Setting } from "../lib/contender.ts";

/** What python/spinach_process.py does. */
export const SETTINGS: readonly Setting[] = [
  [
    "5 threads",
    "what it does by default, and what the budget was made from; its coroutines have to be asked for",
  ],
  ["256 coroutines: `AsyncioWorkers`", "as ours"],
  ["`schedule_batch`, `max_retries=1`", "as ours"],
];
