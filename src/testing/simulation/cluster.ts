import { settled } from "../fake-runtime.ts";
import { ClusterNode } from "./cluster-node.ts";
import { History } from "./history.ts";
import { INVARIANTS } from "./invariants.ts";
import { Leases } from "./leases.ts";
import { Network } from "./network.ts";
import { limitProbe, leftJobs } from "./probes.ts";
import {
  type Move,
  type ProcessPlan,
  QUEUES,
  type Scenario,
  type Step,
  type Trouble,
} from "./scenario.ts";
import { SimulatedServer } from "./simulated-server.ts";
import { World } from "./world.ts";

/** How long all may take to come to rest after the last fault, in ms: deadlines, backoffs, skewed dates. */
const REST_MS = 600_000;

/** How long it goes on at rest, in ms: long enough for what comes back late. */
const AFTERMATH_MS = 15_000;

/**
 * How long a task without a timeout may hang before its process is started anew, in ms; and how long a queue may
 * be without workers.
 */
const RESTART_EVERY_MS = 10_000;

/** How long it takes to close, in ms. */
const CLOSING_MS = 30_000;

/** The healthy process that works at the end where nobody else does. */
const HEALER: ProcessPlan = {
  skewMs: 0,
  release: 1,
  workers: QUEUES.map((queue) => ({ queue, number: 10, stopWhenQueueEmpty: false })),
};

/**
 * A cluster that lives through a scenario:
 *
 * ```
 *   steps, with their faults --> healing: all faults end --> rest: every job has ended --> all close --> probes
 * ```
 */
export class Cluster {
  readonly world: World;
  readonly history: History;
  readonly #scenario: Scenario;
  readonly #network: Network;
  readonly #server: SimulatedServer;
  readonly #leases: Leases;
  readonly #nodes: ClusterNode[] = [];
  readonly #all: ClusterNode[] = [];
  readonly #generations: number[] = [];
  events = 0;

  constructor(scenario: Scenario, isTraced: boolean) {
    this.#scenario = scenario;
    this.world = new World(scenario.seed, isTraced);
    const world = this.world;
    this.history = new History(world, scenario, INVARIANTS);
    const history = this.history;
    this.#network = new Network(world);
    this.#server = new SimulatedServer(world, history);
    this.#leases = new Leases({ world, history, network: this.#network, server: this.#server });
  }

  async run(): Promise<void> {
    const { history, world } = this;
    const { processes, steps } = this.#scenario;
    for (const [index, plan] of processes.entries()) this.#boot(index, plan);
    for (const step of steps) {
      await this.#pass(step.atMs);
      this.#take(step);
    }
    await this.#pass(this.#faultsEndMs);
    this.#heal();
    await this.#rest();
    if (history.open > 0)
      for (const id of leftJobs(this.#server, history)) history.leftInBroker.add(id);
    history.rested();
    for (const node of this.#living) void node.close(1000);
    await this.#pass(world.nowMs + CLOSING_MS);
    if (history.violation !== undefined) return;
    history.ended();
    if (history.open === 0) history.probed(limitProbe(this.#server, history));
  }

  /** Time passes until every job has ended; now and then programs are started anew whose tasks hang. */
  async #rest(): Promise<void> {
    const { history, world } = this;
    const untilMs = world.nowMs + REST_MS;
    const isAtRest = (): boolean => history.open === 0;
    while (history.violation === undefined && world.nowMs < untilMs) {
      if (isAtRest()) await this.#pass(world.nowMs + AFTERMATH_MS);
      if (isAtRest()) return;
      await this.#pass(world.nowMs + RESTART_EVERY_MS, isAtRest);
      if (isAtRest()) continue;
      this.#ensureWorkers();
      for (const node of this.#living) {
        if (node.wantsWork && history.hangs(node.process, RESTART_EVERY_MS)) this.#restart(node);
      }
    }
  }

  #restart(node: ClusterNode): void {
    void node.stop(1000).then(() => {
      node.start();
    });
  }

  /** Lets time pass until then, until something is so, or until a promise is broken. */
  async #pass(untilMs: number, isReached = (): boolean => false): Promise<void> {
    // What was just asked for begins now, not with the next event.
    await settled();
    for (;;) {
      if (this.history.violation !== undefined || isReached()) return;
      const hasRun = await this.world.step(untilMs);
      if (!hasRun) return;
      this.events += 1;
    }
  }

  get #living(): readonly ClusterNode[] {
    return this.#all.filter(({ process, isClosed }) => !process.isDead && !isClosed);
  }

  get #faultsEndMs(): number {
    const ill = this.#living.map(({ process }) => process.illUntilMs);
    return Math.max(this.world.nowMs, this.#network.outageUntilMs, ...ill);
  }

  #boot(index: number, plan: ProcessPlan): void {
    const name = `p${index + 1}${"'".repeat(this.#generations[index] ?? 0)}`;
    this.#generations[index] = (this.#generations[index] ?? 0) + 1;
    const { world, history } = this;
    const { hasBeat } = this.#scenario;
    const around = { world, history, network: this.#network, server: this.#server, hasBeat };
    const node = new ClusterNode(name, plan, around);
    node.process.onSilent = (): void => {
      this.#leases.watch(node.process, node.broker);
    };
    this.#nodes[index] = node;
    this.#all.push(node);
    node.start();
  }

  #take(step: Step): void {
    const node = this.#nodes[step.process];
    const plan = this.#scenario.processes[step.process];
    if (node === undefined || plan === undefined) return;
    const isGone = node.process.isDead || node.isClosed;
    if (step.what === "boot" && isGone) this.#boot(step.process, plan);
    if (isGone) return;
    if (isMove(step)) {
      // What its program does waits while it is held.
      this.world.after(0, node.process, () => void node.move(step));
    } else {
      const { atMs: _, process: __, ...trouble } = step;
      this.world.say(() => `${node.process.name} meets ${JSON.stringify(trouble)}`);
      this.#trouble(node, step);
    }
  }

  #trouble(node: ClusterNode, trouble: Trouble): void {
    const { process, broker } = node;
    switch (trouble.what) {
      case "fate":
        process.plan(trouble.call, trouble.fate);
        break;
      case "disconnect":
        process.disconnect(trouble.forMs);
        break;
      case "outage":
        this.#network.outage(trouble.forMs);
        for (const { process: each } of this.#living) each.onSilent?.();
        break;
      case "freeze":
        process.freeze(trouble.forMs);
        break;
      case "block":
        process.block(trouble.forMs);
        break;
      case "jump":
        process.jump(trouble.byMs);
        break;
      case "kill":
        process.kill();
        break;
      case "condemn":
        this.#server.condemn(broker.id);
        break;
      case "boot":
        break;
    }
  }

  /** What happens once all is well: programs start what failed to start, and end what hangs. */
  #heal(): void {
    const { history, world } = this;
    world.say(() => "all faults are over");
    history.healedAtMs = world.nowMs;
    for (const node of this.#living) {
      node.process.forgive();
      if (!node.wantsWork) continue;
      node.start();
    }
  }

  #ensureWorkers(): void {
    const isWorkedOn = (queue: string): boolean => this.#all.some((node) => node.worksOn(queue));
    if (!QUEUES.every(isWorkedOn)) this.#boot(this.#scenario.processes.length, HEALER);
  }
}

function isMove(step: Step): step is Step & Move {
  return ["schedule", "stop", "start", "close"].includes(step.what);
}
