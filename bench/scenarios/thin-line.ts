/** How soon jobs end whose arguments are large, over a thin and long line. */
import { setTimeout as sleep } from "node:timers/promises";

import type { Contender } from "../lib/contender.ts";
import { loadContender } from "../lib/contenders.ts";
import {
  amount,
  type Case,
  type Figures,
  type Mode,
  type Run,
  sameLoads,
  type Scenario,
} from "../lib/scenario.ts";
import { Tally } from "../lib/tally.ts";
import { startThinLine } from "../servers/thin-line.ts";

const CONTENDERS = ["spinach", "bullmq"] as const;

/** In each direction. 25 ms each way are 50 ms there and back. */
const LINE = { bytesPerS: 1_000_000, latencyMs: 25 };

/** Calls under way of who schedules, and jobs at once. */
const CONCURRENCY = 10;

/** By the size of a job: seconds of the line in each direction. */
const SIZES = [
  { id: "thin-line-1k", title: "1 KB", payload: 1000, jobs: 4000 },
  { id: "thin-line-100k", title: "100 KB", payload: 100_000, jobs: 60 },
  { id: "thin-line-2m", title: "2 MB", payload: 2_000_000, jobs: 6 },
] as const;

/** Ten times what the line itself takes. A contender that has not ended then is taken for one that never does, in s. */
const BOUND_S = 120;

function cases(mode: Mode): readonly Case[] {
  const all = SIZES.map(({ id, payload, jobs }) => ({
    id,
    loads: sameLoads(CONTENDERS, { payload, jobs: mode === "full" ? jobs : Math.ceil(jobs / 50) }),
    runs: mode === "full" ? 5 : 1,
    warmUp: false,
  }));
  return mode === "full" ? all : all.slice(0, 1);
}

async function measure(run: Run): Promise<Figures> {
  await using line = await startThinLine(run.setup.redisPort, LINE);
  const jobs = amount(run.load, "jobs");
  const tally = new Tally(jobs);
  const contender = await loadContender(run.contender, { ...run.setup, redisPort: line.port });
  const startMs = performance.now();
  let scheduledMs = startMs;
  const bound = sleep(BOUND_S * 1000, "late", { ref: false });
  const onScheduled = (): void => {
    scheduledMs = performance.now();
  };
  const all = runAll(contender, { jobs, tally, onScheduled }).catch((error: unknown) => {
    console.error(`${run.contender}, ${jobs} jobs:`, error);
    return bound;
  });
  await Promise.race([all, bound]);
  const endMs = performance.now();
  return {
    scheduleS: (scheduledMs - startMs) / 1000,
    runS: (endMs - scheduledMs) / 1000,
    seconds: (endMs - startMs) / 1000,
    unended: jobs - tally.ran,
  };
}

interface Parts {
  readonly jobs: number;
  readonly tally: Tally;
  readonly onScheduled: () => void;
}

/** All are scheduled over the line, then run over it. Resolves when each has been settled. */
async function runAll(contender: Contender, { jobs, tally, onScheduled }: Parts): Promise<void> {
  await contender.open();
  let next = 0;
  const callers = Array.from({ length: CONCURRENCY }, async () => {
    while (next < jobs) {
      next += 1;
      await contender.enqueueOne(next - 1);
    }
  });
  await Promise.all(callers);
  onScheduled();
  await contender.startWorkers(CONCURRENCY, (index) => tally.note(index));
  await tally.done;
  await contender.close();
  tally.expectEachOnce();
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "A thin line",
    text:
      "No-op jobs with a text beside the number, over a line of 1 MB/s in each direction and 50 ms there and back, which all " +
      "connections of the contender share: 4,000 jobs of 1 KB, 60 of 100 KB, 6 of 2 MB. First all are scheduled, 10 calls in " +
      "flight, then run, 10 at once; the time is that of both, with connecting and closing. The line itself takes 4, 6 and 12 s " +
      "there, and as long back.",
    rivals: ["bullmq"],
    notes: [
      "Spinach has one request of at most 1 MiB, or one job, under way in each direction: it shares trips, which are few where jobs are small. Where " +
        "they are large the line is idle for 50 ms between two of them, which BullMQ, with a call for each job, fills.",
    ],
    measures: SIZES.flatMap(({ id, title }) => [
      { id: [id, "seconds"] as const, title: `${title}: until the last one is settled`, unit: "s" },
      {
        id: [id, "unended"] as const,
        title: `${title}: jobs that had not run after ${BOUND_S} s`,
        unit: "jobs",
      },
    ]),
  },
};
