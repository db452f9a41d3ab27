import { Limits } from "./limits.ts";
import type { Work } from "./work.ts";

/** Whether no job is ready in the queue or parked behind a limit. */
export function isQueueEmpty(work: Work, queueName: string): boolean {
  const { space } = work;
  const queue = space.knownQueueId(queueName);
  if (queue === undefined) return true;
  if (space.sql.get(ANY_READY, queue) !== undefined) return false;
  return !new Limits(work).hasParked(queue);
}

const ANY_READY = "SELECT 1 FROM spinach_ready WHERE queue = ? LIMIT 1";
