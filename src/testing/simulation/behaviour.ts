import { AbortError, RetryError, SpinachError } from "../../core/errors.ts";
import type { CurrentJob } from "../../workers/current-job.ts";
import type { Execution } from "./records.ts";
import type { Behaviour } from "./scenario.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

/** What a run of a task can do to its surroundings. */
export interface Surroundings {
  readonly process: SimulatedProcess;
  /** Schedules a job that returns at once. */
  readonly scheduleMore: () => Promise<void>;
}

/** Runs a task as planned, and notes in `run` how it ends. Returns and throws as a task does. */
export function behave(
  { how, ms }: Behaviour,
  run: Execution,
  job: CurrentJob,
  surroundings: Surroundings,
): unknown {
  const { signal } = job;
  const { process } = surroundings;
  const aborted = whenAborted(signal, run, process);
  if (ms === 0 && how === "return") {
    run.how = "returned";
    return "done";
  }
  return takeTime();

  async function takeTime(): Promise<void> {
    if (how === "deaf") await Promise.withResolvers<never>().promise;
    if (how === "obey" || how === "finish") await aborted;
    else if (ms > 0) await process.sleep(ms);
    if (how === "die") process.kill();
    if (how === "die") await Promise.withResolvers<never>().promise;
    if (how === "schedule") await surroundings.scheduleMore();
    end(how, run, { signal, process });
  }
}

/** How a run that got this far ends. */
function end(how: Behaviour["how"], run: Execution, around: Around): void {
  const [ending, error] = endings[how]?.(around) ?? ["returned", undefined];
  run.how = ending;
  if (error !== undefined) throw error;
}

interface Around {
  readonly signal: AbortSignal;
  readonly process: SimulatedProcess;
}

type Ending = readonly [Execution["how"], Error];

const endings: Readonly<Partial<Record<Behaviour["how"], (around: Around) => Ending>>> = {
  obey: ({ signal }) => ["threw", asError(signal.reason)],
  throw: () => ["threw", new Error("as planned")],
  abort: () => ["aborted", new AbortError("as planned")],
  retry: ({ process }) => {
    const at = new Date(process.runtime.clock.now() + 1000);
    return ["retried", new RetryError("as planned", { at })];
  },
};

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

function whenAborted(
  signal: AbortSignal,
  run: Execution,
  { runtime }: SimulatedProcess,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => {
    const reason: unknown = signal.reason;
    run.abortCode = reason instanceof SpinachError ? reason.code : String(reason);
    run.abortedAtMs = runtime.clock.monotonic();
    resolve();
  });
  return promise;
}
