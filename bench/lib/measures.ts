/** What is reported, and the budgets that docs/benchmarks.md states beside the figures. */
import type { ContenderName } from "./contender.ts";
import type { ScenarioName } from "./scenario.ts";

export interface Budget {
  /** The least ratios to others. */
  readonly ratios?: Readonly<Partial<Record<ContenderName, number>>>;
  /** The least and the greatest value. */
  readonly least?: number;
  readonly most?: number;
}

export interface Measure {
  /** The id of its case, and its name among the figures of a run. */
  readonly id: readonly [caseId: string, figure: string];
  readonly title: string;
  readonly unit: string;
  readonly budget?: Budget;
}

export interface Chapter {
  readonly scenario: ScenarioName;
  readonly title: string;
  /** What exactly is measured. */
  readonly text: string;
  /** Why a contender is missing. */
  readonly note?: string;
  /** The columns besides the project. @defaultValue BullMQ and the floor */
  readonly others?: readonly ContenderName[];
  readonly measures: readonly Measure[];
}

export const CHAPTERS: readonly Chapter[] = [
  {
    scenario: "process",
    title: "Processing jobs that wait already",
    text:
      "No-op jobs, scheduled before. The clock runs from the start of the job that ends the first tenth to the " +
      "start of the last one. The CPU time of Redis covers all jobs, and the start and stop of the workers too.",
    measures: [
      {
        id: ["process-1", "rate"],
        title: "1 at once",
        unit: "jobs/s",
        budget: { ratios: { bullmq: 1.6 } },
      },
      {
        id: ["process-10", "rate"],
        title: "10 at once",
        unit: "jobs/s",
        budget: { ratios: { bullmq: 3 } },
      },
      {
        id: ["process-256", "rate"],
        title: "256 at once",
        unit: "jobs/s",
        budget: { ratios: { bullmq: 10, floor: 0.7 } },
      },
      {
        id: ["process-256", "serverCpuUs"],
        title: "CPU time of Redis, 256 at once",
        unit: "us/job",
        budget: { most: 3 },
      },
      {
        id: ["process-256", "clientCpuUs"],
        title: "CPU time of the worker process, 256 at once",
        unit: "us/job",
      },
    ],
  },
  {
    scenario: "enqueue",
    title: "Scheduling",
    text:
      "Batches of 1,000 jobs, one call after the other (`scheduleBatch`, `addBulk`, `RPUSH`), and 256 calls for one " +
      "job each in flight (`schedule`, `add`). The clock starts after the first tenth.",
    note: "No floor for single calls: those that are under way together may share a command.",
    measures: [
      {
        id: ["enqueue-batch", "rate"],
        title: "batches of 1,000",
        unit: "jobs/s",
        budget: { ratios: { bullmq: 10 } },
      },
      {
        id: ["enqueue-single", "rate"],
        title: "256 calls in flight",
        unit: "jobs/s",
        budget: { ratios: { bullmq: 5 } },
      },
    ],
  },
  {
    scenario: "latency",
    title: "From the call to the start, on an idle worker",
    text:
      "One job each 20 ms, give or take 10 ms, whether or not the one before has started. The same process schedules " +
      "and works, so one clock tells both times. The floor is `RPUSH` and `PUBLISH`, then the script of a trip.",
    measures: [
      { id: ["latency", "p50"], title: "p50", unit: "ms", budget: { most: 0.35 } },
      { id: ["latency", "p99"], title: "p99", unit: "ms", budget: { most: 2 } },
      { id: ["latency", "p999"], title: "p99.9", unit: "ms" },
    ],
  },
  {
    scenario: "idle",
    title: "A worker process with nothing to do",
    text:
      "Commands that Redis ran from 15 s after the workers' start, for 120 s: `INFO commandstats`, which counts " +
      "those inside scripts too.",
    note: "No floor: without a queue nothing has to be sent.",
    measures: [{ id: ["idle", "rate"], title: "commands", unit: "per s", budget: { most: 0.5 } }],
  },
  {
    scenario: "memory",
    title: "Memory of Redis",
    text: "The growth of `used_memory` by 100,000 waiting jobs, whose only argument is a number.",
    measures: [
      { id: ["memory", "bytes"], title: "a waiting job", unit: "bytes", budget: { most: 215 } },
    ],
  },
  {
    scenario: "backlog",
    title: "A fetch with 1,000 and with 1,000,000 jobs waiting",
    text:
      "The median of 1,000 calls of the broker's `exchange` that settle 10 jobs and take 10, while ready jobs, jobs " +
      "of the future, or jobs of a task at its limit wait. Both figures of a pair come from one process.",
    note:
      "BullMQ is not measured: its call that compares best, `getNextJob`, brings one job and settles none. Nor is " +
      "the floor: a list is all it has.",
    measures: ["ready", "future", "limited"].flatMap((kind): readonly Measure[] => [
      { id: [`backlog-${kind}`, "smallUs"], title: `1,000 ${kind}`, unit: "us/fetch" },
      { id: [`backlog-${kind}`, "largeUs"], title: `1,000,000 ${kind}`, unit: "us/fetch" },
      {
        id: [`backlog-${kind}`, "ratio"],
        title: `growth, ${kind}`,
        unit: "times",
        budget: { most: 1.2 },
      },
    ]),
  },
  {
    scenario: "threads",
    title: "Jobs on threads",
    text:
      "No-op jobs on two threads, one at a time on each but where it says otherwise; one no-op job to one thread and " +
      "back, nothing else running; and jobs of some 5 ms of work for the CPU, with the delay of the main thread's event " +
      "loop meanwhile. Spinach is the whole engine with a broker in memory: a job is scheduled, taken, run and settled. " +
      "The others are pools, whose jobs are calls: for them nothing can wait already. The event loop is Spinach with `AsyncWorkers`, without threads.",
    others: ["piscina", "piscina-10", "tinypool", "loop"],
    measures: [
      { id: ["threads-noop", "rate"], title: "no-op jobs", unit: "jobs/s" },
      {
        id: ["threads-waiting", "rate"],
        title: "no-op jobs that wait already",
        unit: "jobs/s",
        budget: { least: 150_000 },
      },
      {
        id: ["threads-trip", "p50"],
        title: "one job and back, p50",
        unit: "us",
        budget: { most: 65 },
      },
      { id: ["threads-trip", "p99"], title: "one job and back, p99", unit: "us" },
      {
        id: ["threads-burn", "rate"],
        title: "CPU-bound jobs",
        unit: "jobs/s",
        budget: { ratios: { loop: 1.8 } },
      },
      {
        id: ["threads-burn", "delayP99"],
        title: "delay of the main event loop, p99",
        unit: "ms",
        budget: { most: 20 },
      },
    ],
  },
];
