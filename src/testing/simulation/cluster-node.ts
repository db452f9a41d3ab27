import { Batch } from "../../core/batch.ts";
import type { Job } from "../../core/job.ts";
import { Engine } from "../../engine/engine.ts";
import { AsyncWorkers } from "../../workers/async-workers.ts";
import { currentJob } from "../../workers/current-job.ts";
import { behave } from "./behaviour.ts";
import type { History } from "./history.ts";
import type { Network } from "./network.ts";
import { argsOf, type StopRecord } from "./records.ts";
import { RELEASED } from "./releases.ts";
import {
  type Behaviour,
  delayOf,
  isTaskName,
  type JobPlan,
  type Move,
  type ProcessPlan,
  type TaskName,
  TASKS,
  type WorkersPlan,
} from "./scenario.ts";
import { SimulatedBroker } from "./simulated-broker.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import type { SimulatedServer } from "./simulated-server.ts";
import type { World } from "./world.ts";

const AT_ONCE: Behaviour = { how: "return", ms: 0 };

/** What a node lives in. */
export interface Surroundings {
  readonly world: World;
  readonly network: Network;
  readonly server: SimulatedServer;
  readonly history: History;
  /** Whether processes have the periodic task. */
  readonly hasBeat: boolean;
}

/** A simulated process with the real engine and the real workers in it, and what its program does. */
export class ClusterNode {
  readonly process: SimulatedProcess;
  readonly broker: SimulatedBroker;
  readonly #engine: Engine;
  readonly #around: Surroundings;
  readonly #plan: ProcessPlan;
  readonly #worksOn = new Set<string>();
  #isClosed = false;
  #wantsWork = false;

  constructor(name: string, plan: ProcessPlan, around: Surroundings) {
    this.#plan = plan;
    this.#around = around;
    const { network, server, history } = around;
    const process = new SimulatedProcess(around.world, name, plan.skewMs);
    this.process = process;
    this.broker = new SimulatedBroker({ process, network, server, history });
    this.#engine = new Engine(this.broker, {
      namespace: "simulation",
      runtime: process.runtime,
      logger: process.runtime.logger,
    });
    for (const task of Object.keys(TASKS)) {
      if (isTaskName(task) && (task !== "beat" || around.hasBeat)) this.#addTask(task);
    }
    this.#engine.task(RELEASED, { maxConcurrency: plan.release }, () => undefined);
    this.#engine.on("jobFinished", ({ job, durationMs = 0 }) => {
      history.finished(process, job.id, durationMs);
    });
    history.processes.push(process);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether its program has started workers and not stopped them. */
  get wantsWork(): boolean {
    return this.#wantsWork;
  }

  worksOn(queue: string): boolean {
    return !this.process.isDead && this.#wantsWork && this.#worksOn.has(queue);
  }

  /** Starts its workers, those that do not run. */
  start(): void {
    this.#wantsWork = true;
    for (const workers of this.#plan.workers) void this.#startWorkers(workers);
  }

  /** Does what its program does next. */
  async move(move: Move): Promise<void> {
    switch (move.what) {
      case "schedule":
        await this.schedule(move.jobs);
        break;
      case "stop":
        await this.stop(move.timeoutMs);
        break;
      case "start":
        this.start();
        break;
      case "close":
        await this.close(move.timeoutMs);
        break;
    }
  }

  async schedule(plans: readonly JobPlan[]): Promise<void> {
    const { history } = this.#around;
    for (const plan of plans) history.asked(plan);
    try {
      const jobs = await this.#schedule(plans);
      for (const [index, job] of jobs.entries()) history.confirmed(plans[index]?.key ?? "", job.id);
    } catch (error) {
      history.refused(error);
    }
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#wantsWork = false;
    const record = this.#stopping("stop", timeoutMs);
    await this.#engine.stopWorkers({ timeout: timeoutMs });
    this.#around.history.stopped(record);
  }

  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    this.#wantsWork = false;
    const record = this.#stopping("close", timeoutMs);
    await this.#engine.close({ timeout: timeoutMs });
    // Whoever was still waiting for a call has given up by then.
    await this.process.sleep(1);
    this.#around.history.stopped(record);
  }

  #stopping(what: "stop" | "close", timeoutMs: number): StopRecord {
    return this.#around.history.stopping({ process: this.process, what, timeoutMs });
  }

  async #startWorkers({ queue, number, stopWhenQueueEmpty }: WorkersPlan): Promise<void> {
    try {
      const workers = new AsyncWorkers({ number });
      const running = await this.#engine.startWorkers({ workers, queue, stopWhenQueueEmpty });
      this.#worksOn.add(queue);
      void running.finished.then(() => this.#worksOn.delete(queue));
    } catch (error) {
      // Some run already; or it is closing.
      if (!(error instanceof TypeError)) this.#around.history.refused(error);
    }
  }

  async #schedule(plans: readonly JobPlan[]): Promise<readonly Job[]> {
    const nowMs = this.process.runtime.clock.now();
    const [only, ...more] = plans;
    if (only !== undefined && more.length === 0) {
      const { task, key, inMs } = only;
      const delayMs = delayOf(only);
      if (inMs === undefined) return [await this.#engine.schedule(task, ...argsOf(key))];
      if (delayMs !== undefined)
        return [await this.#engine.scheduleIn(task, delayMs, ...argsOf(key))];
      return [await this.#engine.scheduleAt(task, new Date(nowMs + inMs), ...argsOf(key))];
    }
    const batch = new Batch();
    for (const plan of plans) {
      const { task, key, inMs } = plan;
      const delayMs = delayOf(plan);
      if (inMs === undefined) batch.schedule(task, ...argsOf(key));
      else if (delayMs !== undefined) batch.scheduleIn(task, delayMs, ...argsOf(key));
      else batch.scheduleAt(task, new Date(nowMs + inMs), ...argsOf(key));
    }
    return this.#engine.scheduleBatch(batch);
  }

  #addTask(task: TaskName): void {
    const { history } = this.#around;
    this.#engine.task(task, TASKS[task], (...args: readonly unknown[]) => {
      const job = currentJob();
      if (job === undefined) throw new TypeError("a task runs outside a job");
      const run = history.started(this.process, this.broker.id, job.id, args);
      const index = run.job.executions.length - 1;
      const behaviour = behaviourOf(run.job.plan, index);
      const key = `${run.job.key}+${index}`;
      const scheduleMore = async (): Promise<void> =>
        this.schedule([{ key, task: "again", inMs: undefined, runs: [AT_ONCE] }]);
      return behave(behaviour, run, job, { process: this.process, scheduleMore });
    });
  }
}

/** A task that hangs does not do so for ever: otherwise nothing would come to rest. */
function behaviourOf(plan: JobPlan | undefined, index: number): Behaviour {
  const planned = plan?.runs[index];
  if (planned !== undefined) return planned;
  const last = plan?.runs.at(-1) ?? AT_ONCE;
  const isEndless = ["obey", "finish", "deaf", "die"].includes(last.how);
  return isEndless ? AT_ONCE : last;
}
