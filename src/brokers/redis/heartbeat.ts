import type { Runtime, Timer } from "../../platform/runtime.ts";
import type { HeartbeatListener } from "../heartbeat/heartbeat-protocol.ts";
import type { ProcessSigns } from "../heartbeat/serve-heartbeat.ts";
import type { RedisConnection } from "./connection.ts";
import { condemn, heartbeat, heartbeatCodes, leave } from "./lua-scripts.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { array, text, textArray } from "./replies.ts";
import { rescueJobs } from "./rescue.ts";

/** Heartbeats a lease of a broker that holds jobs: two may be lost before anybody is taken for dead. */
const BEATS_PER_LEASE = 3;

/**
 * How often the others are looked at, in leases. One that is silent is seen before its lease ends, and looked at once
 * more when it does.
 */
const SWEEP_EVERY_LEASES = 0.4;

/** So long after the end of a silent broker's lease it is looked at, in ms: clocks are read in whole ones. */
const AFTER_LEASE_MS = 5;

/** Silence from which on a broker is looked at closely, in leases: beats come more often than that. */
const SUSPICIOUS_AFTER_LEASES = 0.5;

/** A sweep that comes so late, in leases, comes from a process or machine that was suspended. */
const LATE_AFTER_LEASES = 0.8;

/** A broker without jobs has nothing to lose: it beats so often, in ms, and counts as seen until then. */
const IDLE_BEAT_EVERY_MS = 120_000;

/** Lease of a broker that states none, in ms: Python Spinach's 30 minutes. */
export const PYTHON_LEASE_MS = 1_800_000;

/** Most suspects a sweep. */
const MAX_SUSPECTS = 1000;

/** What a heartbeat is made of. */
export interface HeartbeatParts extends ProcessSigns {
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  readonly runtime: Runtime;
  readonly leaseMs: number;
  readonly namespace: string;
  readonly hostName: string;
  readonly listener: HeartbeatListener;
}

interface Condemned {
  readonly condemned: readonly string[];
  /** Until the lease of the next silent broker ends, in ms; `Infinity` if none is silent. */
  readonly soonestMs: number;
}

/**
 * Keeps a broker in the cluster, and takes the jobs of dead ones over. Two rhythms: beats say that this one
 * is alive, often only while it holds jobs; sweeps look for those that do not say so any more.
 */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #startedAtMs: number;
  #brokerId: string | undefined;
  /** Since when no call has failed, on the monotonic clock. */
  #connectedSinceMs = 0;
  /** Redis' clock minus the monotonic one, in ms. */
  #redisAheadMs = 0;
  #holdsJobs = false;
  #timesTaken = 0;
  #beatenAtMs = 0;
  /** On both clocks: the monotonic one stands still while a machine sleeps, the other may be set. */
  #sweptAtMs = { monotonic: 0, now: 0 };
  #timers: readonly Timer[] = [];
  /** Of the sweep at the end of a silent broker's lease. */
  #extraSweep: Timer | undefined;
  #isBeating = false;
  #isSweeping = false;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
    this.#startedAtMs = parts.runtime.clock.now();
    // What happened while the connection was down is not known.
    parts.connection.onReady(() => {
      this.#startWatching();
      this.#holdsJobs = true;
      parts.listener.connected(parts.connection.server);
      void this.beat();
    });
    parts.connection.onLost(() => {
      parts.listener.disconnected();
    });
  }

  /** Joins the cluster as a broker, and beats from then on. Rejects with BrokerError. */
  async join(brokerId: string): Promise<void> {
    this.#stopTimers();
    this.#brokerId = brokerId;
    await this.#sayAlive(brokerId, true);
    this.#startWatching();
    const { leaseMs } = this.#parts;
    this.#timers = [
      this.#every(leaseMs / BEATS_PER_LEASE, () => this.beat()),
      this.#every(leaseMs * SWEEP_EVERY_LEASES, () => this.sweep()),
    ];
  }

  /** Beats no more, and leaves the cluster if no job is held, once Redis can be reached. */
  async leave(): Promise<void> {
    const brokerId = this.#brokerId;
    this.#brokerId = undefined;
    this.#stopTimers();
    if (brokerId === undefined) return;
    const { connection, keys } = this.#parts;
    const running = keys.running(brokerId);
    await connection.runPatiently(leave({ ...keys.fixed, running }, { brokerId }));
  }

  /** Says that this broker is alive, if there is a reason to, and no beat is under way. */
  async beat(): Promise<void> {
    const brokerId = this.#brokerId;
    if (brokerId === undefined || this.#isBeating || !this.#mustBeat()) return;
    this.#isBeating = true;
    try {
      await this.#sayAlive(brokerId, false);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isBeating = false;
    }
  }

  /** Condemns those that were silent for too long, and takes their jobs over. */
  async sweep(): Promise<void> {
    const brokerId = this.#brokerId;
    if (this.#wasSuspended()) this.#startWatching();
    this.#sweptAtMs = this.#bothClocks();
    if (brokerId === undefined || this.#isSweeping) return;
    this.#isSweeping = true;
    try {
      const suspects = await this.#suspects(brokerId);
      if (suspects.length === 0) return;
      const { condemned, soonestMs } = await this.#condemn(brokerId, suspects);
      this.#sweepAgainIn(soonestMs);
      for (const deadId of condemned) await this.#rescue(brokerId, deadId);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isSweeping = false;
    }
  }

  #mustBeat(): boolean {
    const { runtime, isProcessAlive, timesTaken, isTaking } = this.#parts;
    if (!isProcessAlive()) return false;
    if (this.#holdsJobs || isTaking() || timesTaken() !== this.#timesTaken) return true;
    return runtime.clock.monotonic() - this.#beatenAtMs >= IDLE_BEAT_EVERY_MS;
  }

  async #sayAlive(brokerId: string, joins: boolean): Promise<void> {
    const { connection, keys, timesTaken } = this.#parts;
    // Before the call: what is taken meanwhile may not be seen by it.
    const taken = timesTaken();
    const [code, now] = array(
      await connection.run(
        heartbeat(
          { ...keys.fixed, running: keys.running(brokerId) },
          { brokerId, info: this.#info(brokerId), joins, idleS: IDLE_BEAT_EVERY_MS / 1000 },
        ),
      ),
    );
    // An answer to what this broker was before it joined again says nothing of it.
    if (this.#brokerId !== brokerId) return;
    if (code === heartbeatCodes.LOST) {
      this.#brokerId = undefined;
      this.#stopTimers();
      this.#parts.listener.lost(brokerId);
      return;
    }
    this.#holdsJobs = code === heartbeatCodes.HOLDS_JOBS;
    this.#timesTaken = taken;
    this.#readRedisClock(Number(text(now)) * 1000);
    this.#parts.listener.heard();
  }

  #readRedisClock(redisMs: number): void {
    const { runtime, leaseMs } = this.#parts;
    const nowMs = runtime.clock.monotonic();
    const aheadMs = redisMs - nowMs;
    // After a jump, what others said of themselves by the old time must not count against them.
    if (Math.abs(aheadMs - this.#redisAheadMs) > leaseMs * SUSPICIOUS_AFTER_LEASES) {
      this.#startWatching();
    }
    this.#redisAheadMs = aheadMs;
    this.#beatenAtMs = nowMs;
  }

  async #suspects(brokerId: string): Promise<readonly string[]> {
    const { connection, keys, runtime, leaseMs } = this.#parts;
    const redisMs = runtime.clock.monotonic() + this.#redisAheadMs;
    const silentSinceS = (redisMs - leaseMs * SUSPICIOUS_AFTER_LEASES) / 1000;
    const range = ["-inf", silentSinceS.toFixed(6), "LIMIT", "0", String(MAX_SUSPECTS)];
    const ids = textArray(
      await connection.command(["ZRANGEBYSCORE", keys.fixed.brokers, ...range]),
    );
    return ids.filter((id) => id !== brokerId);
  }

  /** @param soonestMs - when the next lease ends; `Infinity` if none does */
  #sweepAgainIn(soonestMs: number): void {
    const { runtime, leaseMs } = this.#parts;
    this.#extraSweep?.cancel();
    this.#extraSweep = undefined;
    if (soonestMs >= leaseMs * SWEEP_EVERY_LEASES || this.#brokerId === undefined) return;
    this.#extraSweep = runtime.timers.set(() => void this.sweep(), soonestMs + AFTER_LEASE_MS);
  }

  async #condemn(brokerId: string, suspects: readonly string[]): Promise<Condemned> {
    const { connection, keys, runtime } = this.#parts;
    const connectedMs = Math.floor(runtime.clock.monotonic() - this.#connectedSinceMs);
    const defaultLeaseMs = PYTHON_LEASE_MS;
    const by = { brokerId, connectedMs, defaultLeaseMs, certain: false, suspects };
    const [soonest = "", ...condemned] = textArray(await connection.run(condemn(keys.fixed, by)));
    return { condemned, soonestMs: soonest === "" ? Infinity : Number(soonest) };
  }

  /** One that fails must not keep the others from being rescued. */
  async #rescue(brokerId: string, deadId: string): Promise<void> {
    const { connection, keys, runtime, listener } = this.#parts;
    const nowMs = runtime.clock.now();
    try {
      listener.rescued(deadId, await rescueJobs({ connection, keys, brokerId, deadId, nowMs }));
    } catch (error) {
      listener.failed(error);
    }
  }

  /** From now on: what was before is not known. */
  #startWatching(): void {
    this.#sweptAtMs = this.#bothClocks();
    this.#connectedSinceMs = this.#sweptAtMs.monotonic;
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
    this.#sweepAgainIn(Infinity);
  }

  /** As Python's, and the lease; the script fills in when it was last seen. */
  #info(id: string): string {
    const { namespace, hostName, leaseMs } = this.#parts;
    const startedAt = Math.floor(this.#startedAtMs / 1000);
    return (
      `{"id": ${JSON.stringify(id)}, "name": ${JSON.stringify(hostName)}, ` +
      `"started_at": ${startedAt}, "namespace": ${JSON.stringify(namespace)}, ` +
      `"last_seen_at": LAST_SEEN, "lease_ms": ${leaseMs}}`
    );
  }
}
