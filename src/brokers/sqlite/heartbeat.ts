import type { ProcessIdentity } from "../../platform/process-identity.ts";
import type { Runtime, Timer } from "../../platform/runtime.ts";
import type { HeartbeatListener } from "../heartbeat/heartbeat-protocol.ts";
import type { Beating, ProcessSigns } from "../heartbeat/serve-heartbeat.ts";
import {
  beat,
  brokerState,
  type OtherBroker,
  otherBrokers,
  rescueAll,
  rescueSilent,
} from "./brokers-table.ts";
import { LogWatch } from "./log-watch.ts";
import type { OpenFile } from "./open-file.ts";
import { SilenceWatch } from "./silence-watch.ts";

/** Heartbeats a lease of a broker that holds jobs: two may come late before anybody is taken for dead. */
const BEATS_PER_LEASE = 3;

/** How often the others are looked at, in ms, or oftener with short leases. */
const SWEEP_EVERY_MS = 1000;
const SWEEP_EVERY_LEASES = 0.4;

/** Silence from which on the watcher makes sure that the file can be written, in leases. */
const SUSPICIOUS_AFTER_LEASES = 0.5;

/** A write that takes so long, in leases, says that others may have waited as long for theirs. */
const SLOW_AFTER_LEASES = 0.25;

/** A sweep that comes so late, in leases, comes from a process or machine that was suspended. */
const LATE_AFTER_LEASES = 0.8;

/** A broker without jobs has nothing to lose: it beats so often, in ms, */
const IDLE_BEAT_EVERY_MS = 120_000;

/** and is forgotten after so long a silence, in ms. */
const FORGOTTEN_AFTER_MS = 600_000;

/** What a heartbeat is made of. */
export interface HeartbeatParts extends Pick<ProcessSigns, "isProcessAlive"> {
  readonly file: Pick<OpenFile, "read" | "write" | "shortenLog">;
  readonly runtime: Runtime;
  readonly leaseMs: number;
  readonly listener: HeartbeatListener;
  /** Whether a process is certainly dead. */
  readonly isDead: (process: ProcessIdentity) => boolean;
}

/**
 * Keeps a broker in the cluster, and takes the jobs of dead ones over. SQLite has no clock of its own: a
 * broker that lives counts up, and who watches takes it for dead when the count stood still for a lease.
 */
export class Heartbeat implements Beating {
  readonly #parts: HeartbeatParts;
  readonly #watch = new SilenceWatch();
  readonly #logWatch = new LogWatch();
  #brokerId: string | undefined;
  #beatenAtMs = 0;
  /** On both clocks: the monotonic one stands still while a machine sleeps, the other may be set. */
  #sweptAtMs = { monotonic: 0, now: 0 };
  #timers: readonly Timer[] = [];
  #isBeating = false;
  #isSweeping = false;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  async join(brokerId: string): Promise<void> {
    this.#stopTimers();
    this.#brokerId = brokerId;
    this.#beatenAtMs = this.#parts.runtime.clock.monotonic();
    this.#startWatching();
    const { leaseMs } = this.#parts;
    this.#timers = [
      this.#every(leaseMs / BEATS_PER_LEASE, () => this.beat()),
      this.#every(Math.min(SWEEP_EVERY_MS, leaseMs * SWEEP_EVERY_LEASES), () => this.sweep()),
    ];
  }

  async leave(): Promise<void> {
    this.#brokerId = undefined;
    this.#stopTimers();
  }

  /** Says that this broker is alive, if there is a reason to, and no beat is under way. */
  async beat(): Promise<void> {
    const brokerId = this.#brokerId;
    if (brokerId === undefined || this.#isBeating || !this.#parts.isProcessAlive()) return;
    this.#isBeating = true;
    try {
      await this.#sayAlive(brokerId);
      this.#parts.listener.heard();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isBeating = false;
    }
  }

  /** Looks for dead brokers, and takes their jobs over. */
  async sweep(): Promise<void> {
    const brokerId = this.#brokerId;
    if (this.#wasSuspended()) this.#startWatching();
    this.#sweptAtMs = this.#bothClocks();
    if (brokerId === undefined || this.#isSweeping) return;
    this.#isSweeping = true;
    try {
      for (const other of await this.#deadBrokers(brokerId)) await this.#rescue(other);
      this.#shortenLog();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isSweeping = false;
    }
  }

  #shortenLog(): void {
    const { file, runtime, listener } = this.#parts;
    const log = file.shortenLog();
    if (!this.#logWatch.look(log, runtime.clock.monotonic())) return;
    listener.warned(
      { bytes: log.size },
      "the log of the SQLite file cannot be shortened, because a connection reads an old state of the file: " +
        "end transactions that have been open for long, in this program and others; until then the log grows",
    );
  }

  async #sayAlive(brokerId: string): Promise<void> {
    const { file, runtime } = this.#parts;
    const state = await file.read("looking at jobs", ({ space }) => brokerState(space, brokerId));
    const nowMs = runtime.clock.monotonic();
    if (state === "idle" && nowMs - this.#beatenAtMs < IDLE_BEAT_EVERY_MS) return;
    const isMember = state !== "lost" && (await this.#write(brokerId));
    // An answer to what this broker was before it joined again says nothing of it.
    if (this.#brokerId !== brokerId) return;
    if (isMember) {
      this.#beatenAtMs = nowMs;
      return;
    }
    this.#brokerId = undefined;
    this.#stopTimers();
    this.#parts.listener.lost(brokerId);
  }

  #write(brokerId: string): Promise<boolean> {
    return this.#parts.file.write("a heartbeat", (work) => beat(work, brokerId));
  }

  async #deadBrokers(brokerId: string): Promise<readonly OtherBroker[]> {
    const { file, runtime, isDead } = this.#parts;
    const others = await file.read("looking for dead processes", ({ space }) =>
      otherBrokers(space, brokerId),
    );
    const silentMs = this.#watch.look(others, runtime.clock.monotonic());
    const silenceOf = ({ broker }: OtherBroker): number => silentMs.get(broker) ?? 0;
    const dead = others.filter(({ process }) => isDead(process));
    const silent = others.filter((other) => silenceOf(other) >= lifeOf(other));
    const isSuspicious = others.some(
      (other) => silenceOf(other) >= lifeOf(other) * SUSPICIOUS_AFTER_LEASES,
    );
    if (isSuspicious && !(await this.#canWrite(brokerId))) return dead;
    return [...new Set([...dead, ...silent])];
  }

  /** Who cannot write in time does not know whether the silent ones could. */
  async #canWrite(brokerId: string): Promise<boolean> {
    const { runtime, leaseMs } = this.#parts;
    const startedAtMs = runtime.clock.monotonic();
    await this.#write(brokerId);
    const isQuick = runtime.clock.monotonic() - startedAtMs < leaseMs * SLOW_AFTER_LEASES;
    if (!isQuick) this.#startWatching();
    return isQuick;
  }

  /** One that fails must not keep the others from being rescued. */
  async #rescue(other: OtherBroker): Promise<void> {
    const { file, listener, runtime } = this.#parts;
    try {
      const reply = await rescueAll(runtime.timers, () =>
        file.write("taking jobs over", (work) => rescueSilent(work, other)),
      );
      if (reply !== undefined) listener.rescued(other.uuid, reply);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** From now on: what was before is not known. */
  #startWatching(): void {
    this.#sweptAtMs = this.#bothClocks();
    this.#watch.restart();
  }

  /** Then the others may have been, and not have had the time to say that they are alive. */
  #wasSuspended(): boolean {
    const { monotonic, now } = this.#bothClocks();
    const gapMs = Math.max(monotonic - this.#sweptAtMs.monotonic, now - this.#sweptAtMs.now);
    return gapMs > this.#parts.leaseMs * LATE_AFTER_LEASES;
  }

  #bothClocks(): { readonly monotonic: number; readonly now: number } {
    const { clock } = this.#parts.runtime;
    return { monotonic: clock.monotonic(), now: clock.now() };
  }

  #failed(error: unknown): void {
    this.#startWatching();
    this.#parts.listener.failed(error);
  }

  #every(intervalMs: number, action: () => Promise<void>): Timer {
    const { timers } = this.#parts.runtime;
    const run = (): void => {
      timer = timers.set(run, intervalMs);
      void action();
    };
    let timer = timers.set(run, intervalMs);
    return {
      cancel: () => {
        timer.cancel();
      },
    };
  }

  #stopTimers(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }
}

/** How long a broker may be silent, in ms. */
function lifeOf({ holdsJobs, leaseMs }: OtherBroker): number {
  return holdsJobs ? leaseMs : FORGOTTEN_AFTER_MS;
}
