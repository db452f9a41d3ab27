import { describe } from "../core/option-checks.ts";
import {
  type Clock,
  type Runtime,
  systemTimers,
  type Timer,
  type Timers,
} from "../platform/runtime.ts";
import { type LogLine, RecordingLogger } from "./recording-logger.ts";
import { seededIds, seededRandom } from "./seeded-random.ts";

/** Options of a fake runtime. */
export interface FakeRuntimeOptions {
  /** Decides random numbers and ids. @defaultValue 1 */
  readonly seed?: number;
  /** Epoch time to start at, in ms. @defaultValue 2026-01-01 */
  readonly startMs?: number;
}

interface FakeTimer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

const DEFAULT_START_MS = Date.UTC(2026, 0, 1);

/**
 * A runtime whose time stands still until it is told to pass, and whose chance is a seed's. Give it to
 * `new Engine(broker, { runtime, logger: runtime.logger })`.
 *
 * @example
 * const runtime = new FakeRuntime();
 * const spin = new Engine(new MemoryBroker(), { runtime });
 * await runtime.advance(60_000); // a minute passes; every timer in it fires, in order
 */
export class FakeRuntime implements Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly newId: () => string;
  readonly logger: RecordingLogger = new RecordingLogger();
  readonly #pending = new Set<FakeTimer>();
  #elapsedMs = 0;
  #epochMs: number;
  #timersSet = 0;
  #yielding = 0;

  constructor({ seed = 1, startMs = DEFAULT_START_MS }: FakeRuntimeOptions = {}) {
    this.#epochMs = startMs;
    this.clock = {
      now: () => this.#epochMs + this.#elapsedMs,
      monotonic: () => this.#elapsedMs,
    };
    this.timers = {
      set: (callback, delayMs) => this.#set(callback, delayMs),
      yield: () => this.#yield(),
    };
    this.random = seededRandom(seed);
    this.newId = seededIds(this.random);
  }

  /** How many timers are set: 0 after everything was closed, or something leaks. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** What was logged so far. */
  get logs(): readonly LogLine[] {
    return this.logger.lines;
  }

  /**
   * Lets time pass, in ms: fires the timers that are due, in order, each at its own time, and lets
   * what they started settle before the next.
   */
  async advance(ms: number): Promise<void> {
    checkMs("advance", ms);
    if (ms < 0) throw new RangeError(`advance: ms must be at least 0, got ${ms}; see jump()`);
    const targetMs = this.#elapsedMs + ms;
    await this.#settle();
    for (let timer = this.#nextUntil(targetMs); timer; timer = this.#nextUntil(targetMs)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, timer.atMs);
      this.#pending.delete(timer);
      timer.callback();
      await this.#settle();
    }
    this.#elapsedMs = targetMs;
    await this.#settle();
  }

  /** Sets the wall clock forward or back, as an administrator does: no time passes. */
  jump(ms: number): void {
    checkMs("jump", ms);
    this.#epochMs += ms;
  }

  #set(callback: () => void, delayMs: number): Timer {
    this.#timersSet += 1;
    const atMs = this.#elapsedMs + Math.max(delayMs, 0);
    const timer: FakeTimer = { atMs, order: this.#timersSet, callback };
    this.#pending.add(timer);
    return {
      cancel: () => {
        this.#pending.delete(timer);
      },
    };
  }

  async #yield(): Promise<void> {
    this.#yielding += 1;
    await settled();
    this.#yielding -= 1;
  }

  /** Who yielded goes on before time does. */
  async #settle(): Promise<void> {
    do await settled();
    while (this.#yielding > 0);
  }

  #nextUntil(targetMs: number): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#pending) {
      if (timer.atMs > targetMs) continue;
      if (next === undefined || isBefore(timer, next)) next = timer;
    }
    return next;
  }
}

/**
 * Resolves when every promise that can settle without time passing has: after the microtasks of one
 * turn of the event loop.
 */
export function settled(): Promise<void> {
  return systemTimers.yield();
}

/** Parts of a ms are allowed. */
function checkMs(method: string, ms: unknown): void {
  if (Number.isFinite(ms)) return;
  throw new RangeError(`${method}: ms must be a finite number, got ${describe(ms)}`);
}

function isBefore(one: FakeTimer, other: FakeTimer): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
