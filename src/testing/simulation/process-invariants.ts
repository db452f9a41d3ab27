/** The promises about processes: G8, G11, G12, G14, G15. */
import { SpinachError } from "../../core/errors.ts";
import type { Invariant } from "./invariant.ts";
import { isAtMostOnce, timeoutOf, type Execution, type StopRecord, type Told } from "./records.ts";

/** How long a task that ignores its timeout may go on: AsyncWorkers, timeoutGrace. In ms. */
const TIMEOUT_GRACE_MS = 5000;

/** After its timeout a stop may take 1 s for tasks to react, 3 s to tell the broker, and some trips. In ms. */
const STOP_GRACE_MS = 5000;

export const PROCESS_INVARIANTS: readonly Invariant[] = [
  {
    name: "G8 who lost its lease is fenced",
    taken: ({ job, holder }, { condemned }) => {
      if (condemned.has(holder)) return `${job.key} was given to a process that was given up`;
      return job.state !== "waiting" && job.wasToldByOther
        ? `${job.key} was given out while it was ${job.state}, since somebody else told of it`
        : undefined;
    },
  },
  {
    name: "G8 signals of lost jobs abort",
    lost: ({ job, abortCode }) =>
      abortCode === undefined ? `${job.key} goes on, and its signal has not aborted` : undefined,
  },
  {
    name: "G11 a stop returns",
    stopped: (stop, { executions }) => stopFault(stop, executions),
    ended: ({ stops }) => {
      const open = stops.find(
        ({ process, endedAtMs }) => !process.isDead && endedAtMs === undefined,
      );
      return open && `the ${open.what} of ${open.process.name} never returned`;
    },
  },
  {
    name: "G11 interrupted jobs go back, or fail",
    told: (told) => interruptionFault(told),
  },
  {
    name: "G12 nobody falls silent",
    rested: ({ jobs, leftInBroker }) => {
      const waiting = jobs.find(({ ids, plan }) => plan && ids.some((id) => leftInBroker.has(id)));
      if (waiting !== undefined) return `${waiting.key} waits, and nobody takes it`;
      const held = jobs.find(({ plan, state, deliveries }) => {
        const run = deliveries.at(-1)?.execution;
        return plan && state === "held" && run?.finishedAtMs !== undefined;
      });
      return held && `${held.key} has ended, and nobody tells the broker`;
    },
  },
  {
    name: "G14 timeouts are kept",
    finished: (run) => timeoutFault(run),
    ended: ({ executions }) => {
      const stuck = executions.find(
        ({ job, finishedAtMs, process }) =>
          timeoutOf(job) !== undefined && finishedAtMs === undefined && !process.isDead,
      );
      return stuck && `${stuck.job.key} has a timeout and never ended`;
    },
  },
  {
    name: "G15 errors are ours",
    refused: (error) =>
      error instanceof SpinachError ? undefined : `a call threw ${String(error)}`,
  },
  {
    name: "G15 no rejection is unhandled",
    rejected: (reason) => String(reason),
  },
  {
    name: "G15 nothing is left",
    stopped: ({ process, what }) =>
      what === "close" && process.pendingTimers > 0
        ? `${process.name} has closed with ${process.pendingTimers} timer(s) set`
        : undefined,
  },
];

function stopFault(stop: StopRecord, executions: readonly Execution[]): string | undefined {
  const { process, timeoutMs, startedAtMs, heldBeforeMs, endedAtMs = Infinity } = stop;
  const tookMs = endedAtMs - startedAtMs - (process.heldMs - heldBeforeMs);
  if (tookMs > timeoutMs + STOP_GRACE_MS) {
    return `the ${stop.what} of ${process.name} took ${tookMs} ms, timeout ${timeoutMs} ms`;
  }
  const isLeft = (run: Execution): boolean =>
    run.process === process && run.startedAtMs < startedAtMs && run.finishedAtMs === undefined;
  const left = executions.find(isLeft);
  return left && `${process.name} stopped, and nothing was said of ${left.job.key}`;
}

function interruptionFault({ kind, job, delivery }: Told): string | undefined {
  const run = delivery?.execution;
  const isInterrupted = run?.how === undefined || run.how === "threw";
  if (run?.abortCode !== "WORKERS_STOPPED" || !isInterrupted) return undefined;
  const expected = isAtMostOnce(job) ? "failed" : "released";
  return kind === expected ? undefined : `${job.key} was stopped: ${kind}, not ${expected}`;
}

function timeoutFault(run: Execution): string | undefined {
  const { job, process, durationMs = 0, heldBeforeMs, abortedAtMs, startedAtMs, abortCode } = run;
  const timeoutMs = timeoutOf(job);
  if (timeoutMs === undefined) return undefined;
  const ranMs = durationMs - (process.heldMs - heldBeforeMs);
  if (ranMs > timeoutMs + TIMEOUT_GRACE_MS)
    return `${job.key} ran ${ranMs} ms, timeout ${timeoutMs}`;
  if (ranMs > timeoutMs && abortedAtMs === undefined) {
    return `${job.key} ran ${ranMs} ms and its signal never aborted, timeout ${timeoutMs}`;
  }
  const abortedMs = (abortedAtMs ?? Infinity) - startedAtMs;
  const isEarly = abortCode === "JOB_TIMEOUT" && abortedMs < timeoutMs;
  return isEarly ? `${job.key} was aborted after ${abortedMs} ms, timeout ${timeoutMs}` : undefined;
}
