import type { Runtime, Timer } from "../../platform/runtime.ts";
import type { RescueReply } from "../broker.ts";
import type { RedisConnection } from "./connection.ts";
import { heartbeat as heartbeatScript, leave } from "./lua-scripts.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { array, text } from "./replies.ts";
import { rescueJobs } from "./rescue.ts";

/** Heartbeats a lease: two may be lost before anybody is taken for dead. */
const BEATS_PER_LEASE = 3;

/** Lease of a broker that states none, in ms: Python Spinach's 30 minutes. */
const PYTHON_LEASE_MS = 1_800_000;

/** The script's word for a caller that was silent itself. */
const LATE = "late";

/** What a heartbeat tells of. */
interface HeartbeatListener {
  /** The cluster has given this broker up. */
  lost(brokerId: string): void;
  rescued(brokerId: string, reply: RescueReply): void;
  /** A beat failed; the next one comes all the same. */
  failed(error: unknown): void;
}

/** What a heartbeat is made of. */
export interface HeartbeatParts {
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  readonly runtime: Runtime;
  readonly leaseMs: number;
  readonly namespace: string;
  readonly hostName: string;
  readonly listener: HeartbeatListener;
  /** Whether the process still shows life; without it the lease runs out. */
  readonly isProcessAlive: () => boolean;
}

/** Keeps a broker in the cluster, and takes the jobs of dead ones over. */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #startedAtMs: number;
  #brokerId: string | undefined;
  /** Since when no beat has failed, in s of Redis' clock; empty before the first. */
  #connectedSince = "";
  #timer: Timer | undefined;
  #isBeating = false;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
    this.#startedAtMs = parts.runtime.clock.now();
  }

  /** Joins the cluster as a broker, and beats from then on. Rejects with BrokerError. */
  async join(brokerId: string): Promise<void> {
    this.#timer?.cancel();
    this.#brokerId = brokerId;
    this.#connectedSince = "";
    await this.#beat(brokerId, true);
    this.#schedule();
  }

  /** Beats no more, and leaves the cluster if no job is held. */
  async leave(): Promise<void> {
    const brokerId = this.#brokerId;
    this.#brokerId = undefined;
    this.#timer?.cancel();
    if (brokerId === undefined) return;
    const { connection, keys } = this.#parts;
    const brokerKeys = [keys.allBrokersInfo, keys.allBrokers, keys.runningJobs(brokerId)];
    await connection.run(leave, brokerKeys, [brokerId]);
  }

  /** One beat, unless one is under way. */
  async step(): Promise<void> {
    const brokerId = this.#brokerId;
    if (brokerId === undefined || this.#isBeating || !this.#parts.isProcessAlive()) return;
    this.#isBeating = true;
    try {
      await this.#beat(brokerId, false);
    } catch (error) {
      this.#connectedSince = "";
      this.#parts.listener.failed(error);
    } finally {
      this.#isBeating = false;
    }
  }

  #schedule(): void {
    if (this.#brokerId === undefined) return;
    this.#timer = this.#parts.runtime.timers.set(() => {
      void this.step();
      this.#schedule();
    }, this.#parts.leaseMs / BEATS_PER_LEASE);
  }

  async #beat(brokerId: string, isJoining: boolean): Promise<void> {
    const { connection, keys } = this.#parts;
    const args = [
      brokerId,
      this.#info(brokerId),
      isJoining ? "1" : "0",
      this.#connectedSince,
      String(PYTHON_LEASE_MS),
      String(this.#parts.leaseMs),
    ];
    const reply = await connection.run(
      heartbeatScript,
      [keys.allBrokersInfo, keys.allBrokers],
      args,
    );
    // An answer to what this broker was before it joined again says nothing of it.
    if (this.#brokerId !== brokerId) return;
    const [first, ...deadIds] = array(reply);
    if (first === -1) {
      this.#brokerId = undefined;
      this.#parts.listener.lost(brokerId);
      return;
    }
    if (this.#connectedSince === "" || deadIds[0] === LATE) this.#connectedSince = text(first);
    if (deadIds[0] === LATE) return;
    for (const deadId of deadIds) await this.#rescue(brokerId, text(deadId));
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
