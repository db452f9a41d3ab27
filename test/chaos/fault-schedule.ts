import { setTimeout as sleep } from "node:timers/promises";

import type { Random } from "../../src/testing/seeded-random.ts";
import { type Fault, type FaultWindow, SERVER } from "./fault.ts";
import { monotonicMs } from "./journal.ts";

export interface FaultScheduleParts {
  readonly faults: readonly Fault[];
  readonly random: Random;
  /** Mean time from one fault to the next, in ms. */
  readonly everyMs: number;
  /** A storm strikes anything; in the calm after it, only some targets are struck. In ms. */
  readonly stormMs: number;
  readonly calmMs: number;
  /** The others see then what becomes of those that are struck: a death, to its end. */
  readonly calmTargets: ReadonlySet<string>;
  /** A target that is healed is left alone for so long, in ms, to get into its stride. */
  readonly restMs: number;
  /** Called with each fault as it strikes. */
  readonly onStrike: (name: string, target: string) => void;
}

/**
 * Lets faults happen: each kind once, in an order by chance, then each again. Several may be under way, but only
 * one on a target. The same seed makes the same choices; what they meet is up to the machine.
 */
export class FaultSchedule {
  /** All that struck, by the order of their ends. */
  readonly windows: FaultWindow[] = [];
  readonly #parts: FaultScheduleParts;
  readonly #busy = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  #toCome: Fault[] = [];
  #startedAtMs = 0;

  constructor(parts: FaultScheduleParts) {
    this.#parts = parts;
  }

  /** Resolves when the time is over and all is healed. Rejects if a fault could not be healed. */
  async run(durationMs: number): Promise<void> {
    const { random, everyMs } = this.#parts;
    this.#startedAtMs = monotonicMs();
    const endAtMs = monotonicMs() + durationMs;
    while (monotonicMs() < endAtMs && this.#failures.length === 0) {
      this.#strikeNext();
      await sleep(everyMs * (0.2 + 1.6 * random()));
    }
    await Promise.all(this.#underWay);
    if (this.#failures.length > 0) throw new AggregateError(this.#failures, "a fault did not heal");
  }

  #strikeNext(): void {
    const { random } = this.#parts;
    const fault = this.#next();
    if (fault === undefined) return;
    const free = this.#free(fault);
    const target = free[Math.floor(random() * free.length)] ?? "";
    const strike = this.#strike(fault, target).catch((error: unknown) => {
      this.#failures.push(error);
    });
    this.#underWay.add(strike);
    void strike.then(() => this.#underWay.delete(strike));
  }

  /** The first that can strike now; of those that have had their turn, if all others must wait. */
  #next(): Fault | undefined {
    const { faults, random } = this.#parts;
    if (this.#toCome.length === 0) this.#toCome = shuffled(faults, random);
    const canStrike = (fault: Fault): boolean => this.#free(fault).length > 0;
    const next = this.#toCome.find(canStrike);
    if (next === undefined) return shuffled(faults, random).find(canStrike);
    this.#toCome = this.#toCome.filter((fault) => fault !== next);
    return next;
  }

  #free({ targets }: Fault): readonly string[] {
    const { calmTargets } = this.#parts;
    const free = targets.filter((target) => !this.#busy.has(target));
    return this.#isCalm ? free.filter((target) => calmTargets.has(target)) : free;
  }

  get #isCalm(): boolean {
    const { stormMs, calmMs } = this.#parts;
    return (monotonicMs() - this.#startedAtMs) % (stormMs + calmMs) > stormMs;
  }

  async #strike(fault: Fault, target: string): Promise<void> {
    const { random, onStrike, restMs } = this.#parts;
    const { name, empties = false, isBorne = false } = fault;
    this.#busy.add(target);
    onStrike(name, target);
    const sinceMs = monotonicMs();
    try {
      const did = await fault.strike(target, random);
      const told = { name, target, empties, isBorne };
      if (did) this.windows.push({ ...told, sinceMs, untilMs: monotonicMs() });
      if (target !== SERVER) await sleep(restMs);
    } finally {
      this.#busy.delete(target);
    }
  }
}

function shuffled(faults: readonly Fault[], random: Random): Fault[] {
  const keyed = faults.map((fault) => ({ fault, key: random() }));
  return keyed.toSorted((one, other) => one.key - other.key).map(({ fault }) => fault);
}
