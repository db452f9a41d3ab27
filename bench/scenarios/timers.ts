/** How late a timer of the user's is while jobs run at full speed on the same event loop. */
import { filled } from "../lib/fill.ts";
import {
  amount,
  type Case,
  fewIfQuick,
  type Figures,
  type Mode,
  type Run,
  sameLoads,
  type Scenario,
  usualRuns,
} from "../lib/scenario.ts";
import { percentile } from "../lib/statistics.ts";
import { Tally } from "../lib/tally.ts";

const CONCURRENCY = 256;

/** Of the timer, as a heartbeat's might be. */
const INTERVAL_MS = 10;

/** The timers of the first part do not count: the code is compiled then. */
const WARM_PART = 0.1;

function cases(mode: Mode): readonly Case[] {
  const scale = mode === "full" ? 1 : 0.1;
  return [
    {
      id: "timers-redis",
      loads: {
        ...sameLoads(["spinach"], { jobs: 300_000 * scale }),
        ...fewIfQuick(
          mode,
          sameLoads(["bullmq", "bee-queue", "graphile-worker"], { jobs: 25_000 * scale }),
        ),
      },
      ...usualRuns(mode),
    },
    {
      id: "timers-memory",
      loads: {
        ...sameLoads(["spinach-memory"], { jobs: 600_000 * scale }),
        ...sameLoads(["platformatic-memory"], { jobs: 100_000 * scale }),
      },
      ...usualRuns(mode),
    },
  ];
}

async function measure(run: Run): Promise<Figures> {
  const jobs = amount(run.load, "jobs");
  const contender = await filled(run, jobs);
  const tally = new Tally(jobs);
  await contender.startWorkers(CONCURRENCY, (index) => tally.note(index));
  const latenessesMs = await watch(tally, jobs * WARM_PART);
  await contender.close();
  tally.expectEachOnce();
  return { mostMs: Math.max(...latenessesMs), p50Ms: percentile(latenessesMs, 0.5) };
}

/** Sets one timer after the other until all jobs have run. */
async function watch(tally: Tally, warm: number): Promise<readonly number[]> {
  const latenessesMs: number[] = [];
  let dueMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const plan = (): void => {
    dueMs = performance.now() + INTERVAL_MS;
    timer = setTimeout(look, INTERVAL_MS);
  };
  const look = (): void => {
    if (tally.ran > warm) latenessesMs.push(performance.now() - dueMs);
    plan();
  };
  plan();
  await tally.done;
  clearTimeout(timer);
  // One that never got its turn counts too.
  latenessesMs.push(Math.max(0, performance.now() - dueMs));
  return latenessesMs;
}

const MISSED =
  "The arbiter gives the loop back every 5 ms, which a test counts. What is beyond that is one long turn: a collection of garbage, or " +
  "the machine that gave the processor to another process. In memory most of the long ones were collections, which found ended jobs in " +
  "outgrown tables of a map; that map is made anew now and then since. The median shows the usual case.";

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "A timer on the same event loop",
    text:
      "How late a timer of 10 ms is at most while no-op jobs run, 256 at once: whether user code, such as a heartbeat of " +
      "its own, still gets its turn. Node rounds timers up to 1 ms.",
    rivals: [],
    notes: [
      "Spinach's own are the columns Spinach and Spinach (memory). pg-boss and platformatic on Redis are too slow to fill the loop.",
    ],
    measures: [
      {
        id: ["timers-redis", "mostMs"],
        title: "most, on a server",
        unit: "ms",
        budget: { most: 20 },
        missed: MISSED,
      },
      { id: ["timers-redis", "p50Ms"], title: "p50, on a server", unit: "ms" },
      {
        id: ["timers-memory", "mostMs"],
        title: "most, in memory",
        unit: "ms",
        budget: { most: 20 },
        own: "spinach-memory",
        missed: MISSED,
      },
      {
        id: ["timers-memory", "p50Ms"],
        title: "p50, in memory",
        unit: "ms",
        own: "spinach-memory",
      },
    ],
  },
};
