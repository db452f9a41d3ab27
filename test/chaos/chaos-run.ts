import { setTimeout as sleep } from "node:timers/promises";

import { seededRandom } from "../../src/testing/seeded-random.ts";
import { type ChaosChildren, closeAll, makeChildren } from "./chaos-children.ts";
import type { Child } from "./child-process.ts";
import { FaultSchedule } from "./fault-schedule.ts";
import { type Fault, type FaultWindow, networkOf } from "./fault.ts";
import { type Guard, startGuard } from "./guard.ts";
import { type History, historyOf } from "./history.ts";
import { monotonicMs, readJournals } from "./journal.ts";
import { processFaults } from "./process-faults.ts";
import type { StoreName, WorkersName } from "./programs/child.ts";
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
  /** Only faults whose names have one of these in them; all if empty. */
  readonly only: readonly string[];
  /** None whose names have one of these. */
  readonly without: readonly string[];
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

/** Lengths of a storm, and of the calm after it, in leases. */
const STORM_LEASES = 4;
const CALM_LEASES = 5;

/** Before a process is struck again, in leases. */
const REST_LEASES = 1;

/** In a calm: the others take over from them. */
const CALM_TARGETS: readonly string[] = ["worker1", "worker2", "producer"];

/** How long all may take to end once nothing fails any more, in ms: retries are due within 24 s. */
const DRAIN_BOUND_MS = 120_000;

/** What the rule about periodic tasks needs, to see that they come again: leases, and ms. */
const BEAT_AGAIN_LEASES = 2;
const BEAT_AGAIN_MS = 12_000;

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
  readonly #children: ChaosChildren;
  readonly #heldAtDeath = new Set<string>();
  readonly #stalls: StallWatch;

  private constructor(
    options: ChaosOptions,
    parts: {
      readonly guard: Guard;
      readonly store: ChaosStore;
      readonly children: ChaosChildren;
    },
    log: (line: string) => void,
  ) {
    this.#options = options;
    this.#log = log;
    this.#guard = parts.guard;
    this.#store = parts.store;
    this.#children = parts.children;
    this.#stalls = new StallWatch(options.leaseMs / 5);
  }

  static async start(
    options: ChaosOptions,
    guard: Guard,
    log: (line: string) => void,
  ): Promise<ChaosRun> {
    const store = await startStore(options, guard);
    const children = await makeChildren({ ...options, guard, store });
    return new ChaosRun(options, { guard, store, children }, log);
  }

  async toTheEnd(): Promise<ChaosResult> {
    const { workers, producer, starter } = this.#children;
    await Promise.all([...workers, producer].map((child) => child.start()));
    this.#stalls.start();
    const faults = await this.#letFaultsHappen();
    const healedAtMs = monotonicMs();
    await producer.stop();
    const pending = await this.#drain();
    const drainedMs = monotonicMs() - healedAtMs;
    await this.#beatAgain(healedAtMs);
    const workingUntilMs = monotonicMs();
    await Promise.all(workers.map((worker) => worker.stop()));
    const closer = await closeAll({ ...this.#options, guard: this.#guard, store: this.#store });
    this.#stalls.stop();
    const windows = [...faults, ...this.#stalls.windows];
    const history = this.#history([...workers, producer, starter, closer], {
      windows,
      workingUntilMs,
    });
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
    const { workers, producer, starter } = this.#children;
    for (const child of [...workers, producer, starter]) await child.kill();
    await this.#store.stop();
  }

  async #letFaultsHappen(): Promise<readonly FaultWindow[]> {
    const { seed, everyMs, durationMs, leaseMs } = this.#options;
    const schedule = new FaultSchedule({
      faults: chosen(this.#options, [
        ...this.#store.faults({ starter: this.#children.starter, log: this.#log }),
        ...processFaults({
          ...this.#children,
          leaseMs,
          onEnded: (worker) => this.#noteHeld(worker),
        }),
      ]),
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

  /** So long that periodic tasks must have come again, if they come at all. */
  async #beatAgain(healedAtMs: number): Promise<void> {
    const untilMs = healedAtMs + BEAT_AGAIN_LEASES * this.#options.leaseMs + BEAT_AGAIN_MS;
    await sleep(Math.max(0, untilMs - monotonicMs()));
  }

  #history(
    children: readonly Child[],
    told: { readonly windows: readonly FaultWindow[]; readonly workingUntilMs: number },
  ): History {
    return historyOf({
      journals: readJournals(this.#guard.folder),
      lives: children.flatMap(({ lives }) => lives),
      ...told,
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
      return new SqliteStore({ guard, leaseMs });
  }
}

function chosen(
  { only, without }: Pick<ChaosOptions, "only" | "without">,
  faults: readonly Fault[],
): readonly Fault[] {
  const has = (texts: readonly string[], name: string): boolean =>
    texts.some((text) => name.includes(text));
  return faults.filter(({ name }) => (only.length === 0 || has(only, name)) && !has(without, name));
}

function checkRules(history: History): Map<string, readonly Violation[]> {
  const violations = new Map<string, readonly Violation[]>();
  for (const rule of ALL_RULES) {
    const found = rule.check(history);
    if (found.length > 0) violations.set(rule.title, found);
  }
  return violations;
}
