import type { Life } from "../child-process.ts";
import { nameOf } from "../fault.ts";
import type { History } from "../history.ts";
import { loadTask } from "../load.ts";
import { STORE_NOT_THERE } from "../programs/child.ts";
import { type Rule, STARTER, type Violation } from "./rule.ts";

/**
 * A stop takes as long, in ms, at most: 500 for running jobs, 1,000 for their reaction, 3,000 for the last outcomes,
 * 2 times 2,000 to leave the cluster; and as much again on a machine that is busy.
 */
const STOP_BOUND_MS = 17_000;

/** A stop ends, and leaves nothing that keeps the process alive; no process ends for another reason. */
export const processesEnd: Rule = {
  title: "[G11] [G15] every process ends by itself after SIGTERM, with code 0, and none otherwise",
  check: (history) =>
    [...history.lives.values()].flatMap((life): readonly Violation[] => {
      const message = fault(life, blockedMs(history, life));
      return message === undefined ? [] : [{ message: `${life.process} ${message}`, jobs: [] }];
    }),
};

/** How long the process could not hear that it was told to stop, in ms: its tasks blocked it. */
function blockedMs({ jobs }: History, { process, endedAtMs = 0, stopMs = 0 }: Life): number {
  const runs = [...jobs.values()].flatMap((job) => (loadTask(job.task)?.blocks ? job.runs : []));
  const theirs = runs.filter((run) => run.process === process);
  const ends = theirs.map((run) => (run.endedAtMs ?? endedAtMs) - (endedAtMs - stopMs));
  return Math.max(0, ...ends);
}

function fault({ endedBy, code, stopMs = 0 }: Life, blocked: number): string | undefined {
  const ending = code === undefined ? "a signal" : `code ${code}`;
  if (endedBy === "itself" && code !== STORE_NOT_THERE && code !== 0) return `ended with ${ending}`;
  if (endedBy !== "stop") return undefined;
  // Told to stop before it could start.
  if (code !== 0 && code !== STORE_NOT_THERE) return `was stopped, and ended with ${ending}`;
  return stopMs - blocked > STOP_BOUND_MS ? `took ${stopMs.toFixed(0)} ms to stop` : undefined;
}

/** A lease is lost only to a fault. */
export const leasesKept: Rule = {
  title: "[G6] [G7] no process loses its lease but to a fault",
  check: ({ unexplainedLosses }) =>
    unexplainedLosses.map((loss) => ({ message: `a lease was lost: ${loss}`, jobs: [] })),
};

/** What `close` may take while a start is under way, in ms: as a stop; and the process then has nothing to do. */
const NOTHING_LEFT_MS = 3000;

/** A start that is stopped leaves nothing that keeps its process alive. */
export const startsStop: Rule = {
  title: "[G11] [G15] a start that is stopped at once ends, and leaves nothing",
  check: ({ stoppedStarts, lives }) =>
    [...lives.values()].flatMap((life): readonly Violation[] => {
      const { process, endedAtMs = Infinity } = life;
      if (nameOf(process) !== STARTER) return [];
      const closed = stoppedStarts.get(process) ?? [];
      const say = (what: string): readonly Violation[] => [
        { message: `${process} ${what}`, jobs: [] },
      ];
      const slowestMs = Math.max(0, ...closed.map(({ tookMs }) => tookMs));
      if (slowestMs > STOP_BOUND_MS) return say(`took ${slowestMs.toFixed(0)} ms to close`);
      const lastMs = closed.at(-1)?.atMs ?? life.startedAtMs;
      const keptMs = endedAtMs - lastMs;
      return keptMs > NOTHING_LEFT_MS ? say(`lived on for ${keptMs.toFixed(0)} ms`) : [];
    }),
};
