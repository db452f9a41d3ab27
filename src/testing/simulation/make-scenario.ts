import type { BrokerCall } from "../fault-broker.ts";
import { type Random, seededRandom } from "../seeded-random.ts";
import type {
  Action,
  Behaviour,
  Fate,
  JobPlan,
  ProcessPlan,
  Scenario,
  Step,
  TaskName,
} from "./scenario.ts";

/** The time in which things happen, in ms. */
const SPAN_MS = 25_000;

/** Calls that an arbiter makes, with the most important one most often. */
const CALLS: readonly BrokerCall[] = [
  ...(["exchange", "exchange", "exchange", "exchange", "enqueue"] as const),
  ...(["reconcile", "register", "tick", "isQueueEmpty"] as const),
];

const FATES: readonly Fate[] = [
  "before",
  "after",
  "after",
  "late",
  "silent",
  "hang",
  "slow",
  "overdue",
];

/** Tasks of the jobs that are scheduled, by how often. */
const SCHEDULED: readonly TaskName[] = [
  ...(["once", "once", "again", "again", "timedOnce", "timed"] as const),
  ...(["limitedOnce", "limited", "limited", "other"] as const),
];

/** How runs go, by how often. */
const BEHAVIOURS: ReadonlyArray<Behaviour["how"]> = [
  ...Array.from({ length: 20 }, () => "return" as const),
  ...(["throw", "throw", "throw", "throw", "throw", "throw", "retry", "retry", "retry"] as const),
  ...([
    "abort",
    "abort",
    "schedule",
    "schedule",
    "obey",
    "obey",
    "obey",
    "finish",
    "finish",
  ] as const),
  ...(["deaf", "deaf", "deaf", "die"] as const),
];

/** Makes up scenarios. The same seed makes the same one. */
export function makeScenario(seed: number): Scenario {
  return new ScenarioMaker(seed).make();
}

class ScenarioMaker {
  readonly #seed: number;
  readonly #random: Random;
  /** What this scenario chooses from. */
  readonly #fates: readonly Fate[];
  readonly #some: ReadonlyArray<() => Action>;
  #keys = 0;

  constructor(seed: number) {
    this.#seed = seed;
    // Not the numbers that the run itself uses.
    this.#random = seededRandom(seed ^ 0x5c_e7_a1_10);
    // One kind of trouble, many times, goes deeper than one of each.
    this.#fates = this.#times(this.#between(1, 3), () => this.#pick(FATES));
    const isMixed = this.#chance(0.4);
    this.#some = isMixed ? this.#troubles : this.#times(2, () => this.#pick(this.#troubles));
  }

  make(): Scenario {
    const isCalm = this.#chance(0.15);
    const processes = this.#times(this.#between(1, isCalm ? 2 : 3), () => this.#process(isCalm));
    const steps: Step[] = [];
    for (let index = this.#between(1, 7); index > 0; index -= 1) {
      steps.push(this.#step(processes.length, this.#schedule(isCalm)));
    }
    for (let index = isCalm ? 0 : this.#between(0, 7); index > 0; index -= 1) {
      steps.push(...this.#trouble(processes.length));
    }
    if (!isCalm && this.#chance(0.45)) steps.push(...this.#aim(processes.length));
    if (!isCalm && this.#chance(0.1)) steps.push(...this.#badStart(processes.length));
    steps.sort((one, other) => one.atMs - other.atMs);
    return { seed: this.#seed, hasBeat: this.#chance(0.3), processes, steps };
  }

  #process(isCalm: boolean): ProcessPlan {
    const number = isCalm ? 10 : this.#between(1, 4);
    const stopWhenQueueEmpty = !isCalm && this.#chance(0.08);
    const workers = [{ queue: "spinach", number, stopWhenQueueEmpty }];
    if (isCalm || this.#chance(0.4)) {
      workers.push({ queue: "other", number, stopWhenQueueEmpty: false });
    }
    const maxSkewMs = isCalm || this.#chance(0.5) ? 0 : this.#pick([2000, 180_000]);
    const skewMs = this.#between(-maxSkewMs, maxSkewMs);
    return { skewMs, release: this.#between(1, 2), workers };
  }

  #step(processes: number, action: Action, atMs = this.#time()): Step {
    return { ...action, atMs, process: this.#between(0, processes - 1) };
  }

  /** Most things happen early, and close to each other. */
  #time(): number {
    return Math.floor(this.#random() ** 2 * SPAN_MS);
  }

  #schedule(isCalm: boolean): Action {
    if (this.#chance(0.03)) {
      const runs = [{ how: "return", ms: 0 }] as const;
      return { what: "schedule", jobs: this.#times(30, () => this.#job("once", runs)) };
    }
    const size = this.#chance(0.25) ? this.#between(2, 5) : 1;
    const jobs = this.#times(size, () => {
      const task = this.#pick(SCHEDULED);
      const runs = this.#times(this.#between(1, 3), () => this.#behaviour(task, isCalm));
      return this.#job(task, runs, this.#chance(0.25) ? this.#between(1, 8000) : undefined);
    });
    return { what: "schedule", jobs };
  }

  #job(task: TaskName, runs: readonly Behaviour[], inMs?: number): JobPlan {
    this.#keys += 1;
    return { key: `j${this.#keys}`, task, inMs, runs };
  }

  #behaviour(task: TaskName, isCalm: boolean): Behaviour {
    const ms = this.#chance(0.3) ? 0 : this.#between(1, 3000);
    const how = this.#pick(BEHAVIOURS);
    if (how === "die") return isCalm ? { how: "throw", ms } : { how, ms: ms + 1 };
    const mayHang = !isCalm || task.startsWith("timed");
    return mayHang || !["obey", "finish", "deaf"].includes(how)
      ? { how, ms }
      : { how: "return", ms };
  }

  #trouble(processes: number): readonly Step[] {
    const action = this.#pick(this.#some)();
    const later = { kill: "boot", close: "boot", stop: "start" } as const;
    if (action.what !== "kill" && action.what !== "close" && action.what !== "stop") {
      return [this.#step(processes, action)];
    }
    const step = this.#step(processes, action);
    if (this.#chance(0.3)) return [step];
    const atMs = step.atMs + this.#between(1, 8000);
    return [step, { what: later[action.what], atMs, process: step.process }];
  }

  /** A trip fails at the moment when most depends on it: when a job has ended, or right before a stop. */
  #aim(processes: number): readonly Step[] {
    const process = this.#between(0, processes - 1);
    const atMs = this.#time();
    const inMs = this.#chance(0.5) ? 0 : this.#between(0, 600);
    const runs: readonly Behaviour[] = [
      { how: this.#pick(["retry", "retry", "return", "abort"]), ms: 300 },
      { how: "return", ms: this.#between(0, 6000) },
    ];
    // More than there are slots, at times: what comes late then finds some.
    const jobs = this.#times(this.#chance(0.7) ? 1 : this.#between(4, 12), () =>
      this.#job(this.#pick(SCHEDULED), runs),
    );
    const fate = this.#chance(0.5) ? "late" : this.#pick(FATES);
    const steps: Step[] = [
      { what: "schedule", jobs, atMs, process },
      { what: "fate", call: "exchange", fate, atMs: atMs + inMs, process },
    ];
    if (this.#chance(0.5)) return steps;
    const stopAtMs = atMs + inMs + this.#between(0, 400);
    return [...steps, { what: "stop", timeoutMs: this.#timeout(), atMs: stopAtMs, process }];
  }

  /** There are jobs before anybody can state their limits. */
  #badStart(processes: number): readonly Step[] {
    const times = [0, 0, 0] as const;
    const fates = Array.from({ length: processes }, (_, process) =>
      times.map((atMs): Step => ({
        what: "fate",
        call: "register",
        fate: "before",
        atMs,
        process,
      })),
    );
    const jobs = this.#times(4, () => this.#job("limited", [this.#behaviour("limited", false)]));
    return [...fates.flat(), this.#step(processes, { what: "schedule", jobs }, 1)];
  }

  /** What may go wrong, by how often. */
  readonly #troubles: ReadonlyArray<() => Action> = [
    ...Array.from({ length: 12 }, () => (): Action => ({
      what: "fate",
      call: this.#pick(CALLS),
      fate: this.#pick(this.#fates),
    })),
    () => ({ what: "disconnect", forMs: this.#between(100, 20_000) }),
    () => ({ what: "disconnect", forMs: this.#between(100, 20_000) }),
    () => ({ what: "outage", forMs: this.#between(100, 30_000) }),
    () => ({ what: "freeze", forMs: this.#between(100, 40_000) }),
    () => ({ what: "freeze", forMs: this.#between(100, 40_000) }),
    () => ({ what: "block", forMs: this.#between(100, 30_000) }),
    () => ({ what: "jump", byMs: this.#between(-120_000, 120_000) }),
    () => ({ what: "condemn" }),
    () => ({ what: "kill" }),
    () => ({ what: "kill" }),
    () => ({ what: "close", timeoutMs: this.#timeout() }),
    () => ({ what: "stop", timeoutMs: this.#timeout() }),
    () => ({ what: "stop", timeoutMs: this.#timeout() }),
    () => ({ what: "stop", timeoutMs: this.#timeout() }),
  ];

  #timeout(): number {
    return this.#chance(0.3) ? 0 : this.#between(1, 4000);
  }

  #times<Value>(count: number, make: () => Value): readonly Value[] {
    return Array.from({ length: count }, make);
  }

  #pick<Value>(values: readonly Value[]): Value {
    const value = values[this.#between(0, values.length - 1)];
    if (value === undefined) throw new RangeError("nothing to pick from");
    return value;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #between(min: number, max: number): number {
    return min + Math.floor(this.#random() * (max - min + 1));
  }
}
