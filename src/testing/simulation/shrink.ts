import type { Behaviour, JobPlan, ProcessPlan, Scenario, Step } from "./scenario.ts";

/** Whether a smaller scenario still fails in the same way. */
export type StillFails = (scenario: Scenario) => Promise<boolean>;

/** Most runs that shrinking may take. */
const MAX_RUNS = 600;

/**
 * Looks for the smallest scenario that still fails: leaves out steps, by halves and then one by one, processes,
 * jobs of batches, runs of jobs, skews and queues, until nothing can be left out.
 */
export async function shrink(scenario: Scenario, stillFails: StillFails): Promise<Scenario> {
  let smallest = scenario;
  let runs = 0;
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const candidate of smallerThan(smallest)) {
      runs += 1;
      if (runs > MAX_RUNS) return smallest;
      if (!(await stillFails(candidate))) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

/** Scenarios that are smaller by one thing, those that lack most first. */
function* smallerThan(scenario: Scenario): Generator<Scenario> {
  const { steps, processes } = scenario;
  if (scenario.hasBeat) yield { ...scenario, hasBeat: false };
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < steps.length; from += size) {
      yield { ...scenario, steps: steps.toSpliced(from, size) };
    }
  }
  for (const index of processes.keys()) yield withoutProcess(scenario, index);
  for (const [index, step] of steps.entries()) {
    for (const simpler of simplerSteps(step)) {
      yield { ...scenario, steps: steps.with(index, simpler) };
    }
  }
  for (const [index, plan] of processes.entries()) {
    for (const simpler of simplerProcesses(plan)) {
      yield { ...scenario, processes: processes.with(index, simpler) };
    }
  }
}

function* simplerProcesses(plan: ProcessPlan): Generator<ProcessPlan> {
  const { skewMs, release, workers } = plan;
  if (skewMs !== 0) yield { ...plan, skewMs: 0 };
  if (release !== 1) yield { ...plan, release: 1 };
  for (const queue of workers.length > 1 ? workers.keys() : []) {
    yield { ...plan, workers: workers.toSpliced(queue, 1) };
  }
}

function withoutProcess(scenario: Scenario, index: number): Scenario {
  const steps = scenario.steps.flatMap((step) => {
    if (step.process === index) return [];
    return [step.process < index ? step : { ...step, process: step.process - 1 }];
  });
  return { ...scenario, steps, processes: scenario.processes.toSpliced(index, 1) };
}

function* simplerSteps(step: Step): Generator<Step> {
  if (step.what !== "schedule") return;
  const { jobs } = step;
  if (jobs.length > 1) {
    for (const index of jobs.keys()) yield { ...step, jobs: jobs.toSpliced(index, 1) };
  }
  for (const [index, job] of jobs.entries()) {
    for (const simpler of simplerJobs(job)) yield { ...step, jobs: jobs.with(index, simpler) };
  }
}

const AT_ONCE: Behaviour = { how: "return", ms: 0 };

function* simplerJobs(job: JobPlan): Generator<JobPlan> {
  const { runs, inMs } = job;
  if (inMs !== undefined) yield { ...job, inMs: undefined };
  for (const index of runs.length > 1 ? runs.keys() : []) {
    yield { ...job, runs: runs.toSpliced(index, 1) };
  }
  for (const [index, { how, ms }] of runs.entries()) {
    if (how !== "return") yield { ...job, runs: runs.with(index, AT_ONCE) };
    if (ms > 1) yield { ...job, runs: runs.with(index, { how, ms: 1 }) };
  }
}
