import { setTimeout as sleep } from "node:timers/promises";

import { seededRandom } from "../../src/testing/seeded-random.ts";
import { Child } from "./child-process.ts";
import { FaultSchedule } from "./fault-schedule.ts";
import { type FaultWindow, networkOf } from "./fault.ts";
import { type Guard, startGuard } from "./guard.ts";
import { type History, historyOf } from "./history.ts";
import { monotonicMs, readJournals } from "./journal.ts";
import { processFaults } from "./process-faults.ts";
import type { StoreAddress, StoreName, WorkersName } from "./programs/child.ts";
import { RedisStore } from "./redis-store.ts";
import { ALL_RULES } from "./rules/all-rules.ts";
import type { Violation } from "./rules/rule.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { StallWatch } from "./stall-watch.ts";
import type { ChaosStore } from "./store.ts";

/** What a run is asked for. */
export interface ChaosOptions {
  readonly store: StoreName;
  readonly workers: WorkersName;
  /** Whether to keep journals and logs. */
  readonly keep: boolean;
  /** How long faults happen, in ms. */
  readonly durationMs: number;
  readonly seed: number;
  /** Jobs a second. */
  readonly rate: number;
  /** Of each process, in ms. */
  readonly leaseMs: number;
  /** Mean time from one fault to the next, in ms. */
  readonly everyMs: number;
}

/** What a run has shown. */
export interface ChaosResult {
  readonly history: History;
  readonly windows: readonly FaultWindow[];
  /** By the title of their rule. */
  readonly violations: ReadonlyMap<string, readonly Violation[]>;
  /** From the end of the faults until all had ended, in ms. */
  readonly drainedMs: number;
  /** Journals and logs, if they were kept because of a violation. */
  readonly folder: string | undefined;
}

const WORKERS = ["worker1", "worker2", "worker3", "worker4"] as const;

/** Lengths of a storm, and of the calm after it, in leases. */
const STORM_LEASES = 4;
const CALM_LEASES = 5;

/** Before a process is struck again, in leases. */
const REST_LEASES = 1;

/** In a calm: the others take over from them. */
const CALM_TARGETS: readonly string[] = ["worker1", "worker2", "producer"];

/** How long all may take to end once nothing fails any more, in ms: retries are due within 24 s. */
const DRAIN_BOUND_MS = 120_000;

/** An exchange that was on its way when its process was killed is heard within this time, in ms. */
const LAST_REQUEST_MS = 100;

const DRAINED = "[G1] [G12] nothing waits or is held for ever once the faults have ceased";
const NOTHING_LEFT = "[G5] [G7] nothing is left: no queue, job, broker, counter";

/** Starts everything, lets faults happen, heals, drains, stops everything, and checks the rules. */
export async function runChaos(
  options: ChaosOptions,
  log: (line: string) => void,
): Promise<ChaosResult> {
  const guard = startGuard();
  const run = await ChaosRun.start(options, guard, log);
  let isKept = true;
  try {
    const result = await run.toTheEnd();
    isKept = result.folder !== undefined;
    return result;
  } finally {
    await run.stop();
    await guard.close(isKept);
  }
}

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #guard: Guard;
  readonly #log: (line: string) => void;
  readonly #store: ChaosStore;
  readonly #workers: readonly Child[];
  readonly #producer: Child;
  readonly #heldAtDeath = new Set<string>();
  readonly #stalls: StallWatch;

  private constructor(
    options: ChaosOptions,
    parts: { readonly guard: Guard; readonly store: ChaosStore; readonly children: Children },
    log: (line: string) => void,
  ) {
    this.#options = options;
    this.#log = log;
    this.#guard = parts.guard;
    this.#store = parts.store;
    this.#workers = parts.children.workers;
    this.#producer = parts.children.producer;
    this.#stalls = new StallWatch(options.leaseMs / 5);
  }

  static async start(
    options: ChaosOptions,
    guard: Guard,
    log: (line: string) => void,
  ): Promise<ChaosRun> {
    const store = await startStore(options, guard);
    const children = await makeChildren(options, guard, store);
    return new ChaosRun(options, { guard, store, children }, log);
  }

  async toTheEnd(): Promise<ChaosResult> {
    const children = [...this.#workers, this.#producer];
    await Promise.all(children.map((child) => child.start()));
    this.#stalls.start();
    const faults = await this.#letFaultsHappen();
    const healedAtMs = monotonicMs();
    await this.#producer.stop();
    const pending = await this.#drain();
    const drainedMs = monotonicMs() - healedAtMs;
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    const closer = await this.#close();
    this.#stalls.stop();
    const windows = [...faults, ...this.#stalls.windows];
    const history = this.#history([...children, closer], windows);
    const leftovers = await this.#store.leftovers(history.strandedBrokers);
    const violations = checkRules(history);
    if (pending > 0) {
      violations.set(DRAINED, [{ message: `${pending} jobs after ${drainedMs} ms`, jobs: [] }]);
    }
    const left = leftovers.map((message) => ({ message, jobs: [] }));
    if (left.length > 0) violations.set(NOTHING_LEFT, left);
    const isKept = violations.size > 0 || this.#options.keep;
    const folder = isKept ? this.#guard.folder : undefined;
    return { history, windows, violations, drainedMs, folder };
  }

  async stop(): Promise<void> {
    for (const child of [...this.#workers, this.#producer]) await child.kill();
    await this.#store.stop();
  }

  async #letFaultsHappen(): Promise<readonly FaultWindow[]> {
    const { seed, everyMs, durationMs, leaseMs } = this.#options;
    const schedule = new FaultSchedule({
      faults: [
        ...this.#store.faults(),
        ...processFaults({
          workers: this.#workers,
          producer: this.#producer,
          leaseMs,
          onEnded: (worker) => this.#noteHeld(worker),
        }),
      ],
      random: seededRandom(seed),
      everyMs,
      stormMs: STORM_LEASES * leaseMs,
      calmMs: CALM_LEASES * leaseMs,
      restMs: REST_LEASES * leaseMs,
      calmTargets: new Set(CALM_TARGETS.flatMap((name) => [name, networkOf(name)])),
      onStrike: (name, target) => {
        this.#log(`${monotonicMs().toFixed(0)} ${name}: ${target}`);
      },
    });
    await schedule.run(durationMs);
    await this.#store.heal();
    return schedule.windows;
  }

  /** What the store notes as held by a process that has ended: it may never have started it. */
  async #noteHeld(worker: Child): Promise<void> {
    const { folder } = this.#guard;
    const journal = readJournals(folder).find(({ process }) => process === worker.life?.process);
    for (const pauseMs of [0, LAST_REQUEST_MS]) {
      await sleep(pauseMs);
      for (const entry of journal?.entries ?? []) {
        if (entry.event !== "broker") continue;
        for (const id of await this.#store.held(entry.id)) this.#heldAtDeath.add(id);
      }
    }
  }

  /** Resolves to how many jobs have not ended. */
  async #drain(): Promise<number> {
    const giveUpAtMs = monotonicMs() + DRAIN_BOUND_MS;
    let pending = Infinity;
    while (pending > 0 && monotonicMs() < giveUpAtMs) {
      pending = await this.#store.pending();
      await sleep(pending > 0 ? 50 : 0);
    }
    return pending;
  }

  /** Works off what periodic tasks have made since, and takes their periods away. */
  async #close(): Promise<Child> {
    const address = await this.#store.addressFor("closer");
    const { workers } = this.#options;
    const request = { address, workers, rate: 0, seed: 0, ownUntilMs: 0, closing: true };
    const guard = this.#guard;
    const closer = new Child({ name: "closer", program: "worker", guard, request: () => request });
    await closer.start();
    await closer.ended();
    return closer;
  }

  #history(children: readonly Child[], windows: readonly FaultWindow[]): History {
    return historyOf({
      journals: readJournals(this.#guard.folder),
      lives: children.flatMap(({ lives }) => lives),
      windows,
      heldAtDeath: this.#heldAtDeath,
      leaseMs: this.#options.leaseMs,
    });
  }
}

async function startStore({ store, leaseMs }: ChaosOptions, guard: Guard): Promise<ChaosStore> {
  switch (store) {
    case "redis":
      // A heartbeat gives up after a quarter of a lease, and takes three trips to connect.
      return RedisStore.start({ guard, leaseMs, latencyMs: Math.min(500, leaseMs / 10) });
    case "sqlite":
      return new SqliteStore({ folder: guard.folder, leaseMs });
  }
}

interface Children {
  readonly workers: readonly Child[];
  readonly producer: Child;
}

async function makeChildren(
  { seed, rate, workers: kind, durationMs }: ChaosOptions,
  guard: Guard,
  store: ChaosStore,
): Promise<Children> {
  const ownUntilMs = monotonicMs() + durationMs;
  const make = (name: string, program: string, address: StoreAddress): Child =>
    new Child({
      name,
      program,
      guard,
      request: (life) => ({
        address,
        workers: kind,
        rate,
        seed: seed * 1000 + life,
        ownUntilMs,
        closing: false,
      }),
    });
  const workers: Child[] = [];
  for (const name of WORKERS) workers.push(make(name, "worker", await store.addressFor(name)));
  return {
    workers,
    producer: make("producer", "producer", await store.addressFor("producer")),
  };
}

function checkRules(history: History): Map<string, readonly Violation[]> {
  const violations = new Map<string, readonly Violation[]>();
  for (const rule of ALL_RULES) {
    const found = rule.check(history);
    if (found.length > 0) violations.set(rule.title, found);
  }
  return violations;
}
