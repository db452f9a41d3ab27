/** Options that people look for at workers, and where they are. */
const OF_RUN = "it is an option of run() and startWorkers(), beside workers";

export const WORKERS_HINTS: Readonly<Record<string, string>> = Object.freeze({
  workers: OF_RUN,
  queue: OF_RUN,
  stopWhenQueueEmpty: OF_RUN,
  stopTimeout: OF_RUN,
  timeout: "it is an option of a task",
  concurrency: "it is called number",
});
