/** What is found out of the broker at the end of a run, by taking what is in it. */
import { newJob } from "../../core/new-job.ts";
import { testTask } from "../conformance/test-cluster.ts";
import type { History } from "./history.ts";
import { limitOf, queueOf } from "./records.ts";
import { isTaskName, QUEUES, type TaskName, TASKS } from "./scenario.ts";
import type { SimulatedServer } from "./simulated-server.ts";
import { EPOCH_MS } from "./world.ts";

const PROBE = "probe";

/** Ids of the jobs that somebody could take now, or once the limit allows it. */
export function leftJobs({ jobs }: SimulatedServer, history: History): ReadonlySet<string> {
  const nowMs = EPOCH_MS + history.nowMs;
  jobs.join(PROBE);
  jobs.tick(nowMs, () => PROBE);
  const reply = jobs.exchange(PROBE, { outcomes: [], queues: QUEUES, max: 1000 }, nowMs);
  const left = new Set(reply?.jobs.map(({ job }) => job.id));
  for (const job of history.jobs) {
    const isParked = limitOf(job) < Infinity && !jobs.isQueueEmpty(queueOf(job));
    if (isParked && job.state === "waiting") for (const id of job.ids) left.add(id);
  }
  return left;
}

/** How many jobs of each limited task can be taken at once. */
export function limitProbe(
  { jobs }: SimulatedServer,
  history: History,
): ReadonlyMap<TaskName, number> {
  const counts = new Map<TaskName, number>();
  if (history.statedAtMs === undefined) return counts;
  const nowMs = EPOCH_MS + history.nowMs;
  jobs.join(PROBE);
  for (const [name, options] of Object.entries(TASKS)) {
    const limit = options.maxConcurrency;
    if (limit === undefined || !isTaskName(name)) continue;
    const task = testTask(name, { ...options, queue: PROBE });
    const made = Array.from({ length: limit + 1 }, (_, index) =>
      newJob(task, { task: name, at: undefined, args: [] }, { id: `${name} ${index}`, nowMs }),
    );
    jobs.enqueue(made, nowMs);
    const reply = jobs.exchange(PROBE, { outcomes: [], queues: [PROBE], max: limit + 1 }, nowMs);
    counts.set(name, reply?.jobs.length ?? 0);
  }
  return counts;
}
