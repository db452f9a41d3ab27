import { BrokerError } from "../../core/errors.ts";
import type { StoredJob } from "../../core/job.ts";
import type { TaskDefinition } from "../../core/task.ts";
import { promisesSettled } from "../../platform/after-promises.ts";
import { atMost } from "../../platform/at-most.ts";
import type {
  Broker,
  BrokerContext,
  ClaimJobs,
  Due,
  ExchangeReply,
  ExchangeRequest,
  ReconcileRequest,
  RescueReply,
  WakeUpListener,
} from "../broker.ts";
import { LEAVE_TIMEOUT_MS } from "../heartbeat/heartbeat-thread.ts";
import { PYTHON_LEASE_MS } from "./heartbeat.ts";
import { idsHeldBy, inOrder, pagesHeldBy } from "./held-texts.ts";
import {
  condemn,
  exchangeCodes,
  isQueueEmpty,
  isQueueEmptyCodes,
  leaveIdle,
} from "./lua-scripts.ts";
import {
  type CheckedRedisBrokerOptions,
  checkRedisBrokerOptions,
  type RedisBrokerOptions,
} from "./redis-broker-options.ts";
import { brokerError } from "./redis-errors.ts";
import { checkNamespace } from "./redis-keys.ts";
import { type RedisParts, redisParts } from "./redis-parts.ts";
import { type RedisLocation, type RedisTarget, redisTarget } from "./redis-target.ts";
import { array, parseDue, text, textArray } from "./replies.ts";
import { rescueJobs } from "./rescue.ts";
import { TakenJobs } from "./taken-jobs.ts";
import { Ticks } from "./ticks.ts";
import { Trips } from "./trips.ts";

/**
 * A broker on Redis 6.2 or later, or Valkey, for a cluster of processes. It shares its keyspace with
 * Python Spinach. Needs the package `@redis/client`.
 *
 * @example
 * const spin = new Engine(new RedisBroker("redis://127.0.0.1:6379"));
 */
export class RedisBroker implements Broker {
  readonly #target: RedisTarget;
  readonly #options: CheckedRedisBrokerOptions;
  readonly #leaseLostListeners = new Set<() => void>();
  #bound: RedisParts | undefined;
  #id = "";
  readonly #trips = new Trips();
  /** From `start` to `stop`. */
  #isOpen = false;
  #hasJoined = false;
  #joining: Promise<void> | undefined;
  readonly #ticks = new Ticks();

  /**
   * @param redis - a URL; or the options of `createClient`, `createSentinel` or `createCluster` of
   *   `@redis/client`; or a client of it, whose options are read: the broker makes connections of its
   *   own, and neither uses nor closes the client
   * @throws TypeError or RangeError if an option is not valid
   */
  constructor(redis: RedisLocation, options: RedisBrokerOptions = {}) {
    this.#target = redisTarget(redis);
    this.#options = checkRedisBrokerOptions(options);
  }

  get id(): string {
    return this.#id;
  }

  get oldestCallMs(): number {
    return this.#bound?.connection.oldestCallMs ?? 0;
  }

  bind(context: BrokerContext): void {
    if (this.#bound !== undefined) {
      throw new TypeError(
        "this RedisBroker already belongs to an engine: make one for each engine",
      );
    }
    checkNamespace(context.namespace, this.#target);
    this.#id = context.runtime.newId();
    this.#bound = redisParts({
      ...context,
      target: this.#target,
      options: this.#options,
      id: () => this.#id,
      onLost: (brokerId) => {
        if (brokerId === this.#id) this.#leaseLost();
      },
      onUnreadable: () => void this.#settleUnreadable(),
    });
  }

  async start(): Promise<void> {
    const { connection, rights } = this.#context;
    this.#isOpen = true;
    await connection.open();
    try {
      await rights.check("schedule jobs");
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** A server that loads its data is waited for, however long that takes; a heartbeat thread must be there. */
  async ready(): Promise<void> {
    const { connection, heartbeat, rights } = this.#context;
    // Nobody would end a thread that starts after the stop.
    this.#refuseIfStopped();
    await Promise.all([connection.untilFirstReady(), heartbeat.ready()]);
    await rights.check("have workers");
  }

  async stop(): Promise<void> {
    const { connection, subscriber, heartbeat, wakeUps, producer, runtime } = this.#context;
    this.#isOpen = false;
    const leaving = Promise.allSettled([this.#leaveIdle(), heartbeat.stop(LEAVE_TIMEOUT_MS)]);
    await atMost(runtime.timers, LEAVE_TIMEOUT_MS, leaving);
    wakeUps.forget();
    this.#joining = undefined;
    this.#hasJoined = false;
    subscriber.close();
    connection.close();
    producer.endPause();
    await leaving;
  }

  async #leaveIdle(): Promise<void> {
    const { connection, keys, wakeUps } = this.#context;
    const idle = wakeUps.idleQueues.map((queue) => keys.idleBrokers(queue));
    if (idle.length > 0)
      await connection.runPatiently(leaveIdle({ ...keys.fixed, idle }, { brokerId: this.#id }));
  }

  enqueue(jobs: readonly StoredJob[]): Promise<void> {
    return this.#context.producer.enqueue(jobs);
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    await this.#join();
    const { wakeUps, reader, registrar } = this.#context;
    const { queues } = request;
    const max = this.#trips.most(request.max);
    const { unreadable } = reader;
    const brokerId = this.#id;
    if (max > 0) wakeUps.looks(queues);
    const trip = { ...request, max, brokerId, unreadable };
    const { code, due, wires, counted, refusal } = await this.#trips.make(this.#context, trip);
    if (code === exchangeCodes.LOST || brokerId !== this.#id) {
      throw this.#givenUp(brokerId);
    }
    reader.forget(unreadable);
    const more = code === exchangeCodes.MORE;
    if (max > 0) wakeUps.looked(queues, more);
    if (counted === exchangeCodes.UNCOUNTED) registrar.countAgain(brokerId);
    return new TakenJobs(reader, wires, {
      more,
      nextDueMs: parseDue(text(due)),
      refusal: refusal === undefined ? undefined : brokerError("taking jobs", refusal),
    });
  }

  /** What cannot be read holds a permit until it is set aside. What fails here the next exchange tells. */
  async #settleUnreadable(): Promise<void> {
    const { reader } = this.#context;
    // Those that come with it are told with it.
    await promisesSettled();
    while (this.#isOpen && reader.unreadable.length > 0) {
      try {
        await this.exchange({ outcomes: [], queues: [], max: 0 });
      } catch {
        return;
      }
    }
  }

  tick(): Promise<Due> {
    return this.#ticks.tick(this.#context);
  }

  async register(tasks: readonly TaskDefinition[]): Promise<void> {
    await this.#join();
    const { registrar } = this.#context;
    this.#ticks.ofTasks = tasks.map(({ queue }) => queue);
    const brokerId = this.#id;
    if (!(await registrar.register(brokerId, tasks))) throw this.#givenUp(brokerId);
  }

  async reconcile({ queues, known }: ReconcileRequest): Promise<readonly StoredJob[]> {
    const { keys, connection, reader, heartbeat } = this.#context;
    const held = { connection, keys, brokerId: this.#id };
    const ids = await idsHeldBy(held);
    // A lost reply may have brought them only after the last beat.
    if (ids.length > 0) heartbeat.took();
    const unknown = ids.filter((id) => !known.has(id));
    const jobs: StoredJob[] = [];
    for await (const page of pagesHeldBy(held, unknown, false)) {
      jobs.push(...reader.readHeld(page));
    }
    return inOrder(jobs.filter(({ job }) => queues.includes(job.queue) && !known.has(job.id)));
  }

  async rescue(deadId: string): Promise<RescueReply> {
    await this.#join();
    const { keys, connection, runtime } = this.#context;
    const brokerId = this.#id;
    const by = { brokerId, connectedMs: 0, defaultLeaseMs: PYTHON_LEASE_MS, certain: true };
    await connection.run(condemn(keys.fixed, { ...by, suspects: [deadId] }));
    return rescueJobs({ connection, keys, brokerId, deadId, nowMs: runtime.clock.now() });
  }

  async isQueueEmpty(queue: string): Promise<boolean> {
    const { keys, connection } = this.#context;
    const call = isQueueEmpty({ ...keys.fixed, jobs: keys.queue(queue) }, { queue });
    return (await connection.run(call)) === isQueueEmptyCodes.EMPTY;
  }

  async flush(): Promise<void> {
    const { connection, keys } = this.#context;
    let cursor = "0";
    do {
      const scan = ["SCAN", cursor, "MATCH", keys.pattern, "COUNT", "1000"];
      const [next, found] = array(await connection.command(scan));
      const doomed = textArray(found);
      if (doomed.length > 0) await connection.command(["UNLINK", ...doomed]);
      cursor = text(next);
    } while (cursor !== "0");
  }

  onWakeUp(listener: WakeUpListener, claim?: ClaimJobs): () => void {
    return this.#context.wakeUps.listen(listener, claim);
  }

  onLeaseLost(listener: () => void): () => void {
    this.#leaseLostListeners.add(listener);
    return () => {
      this.#leaseLostListeners.delete(listener);
    };
  }

  /** Becomes a broker of the cluster, before the first call that only such a one may make. */
  async #join(): Promise<void> {
    if (this.#hasJoined) return;
    this.#joining ??= this.#joinNow();
    try {
      await this.#joining;
    } finally {
      this.#joining = undefined;
    }
  }

  async #joinNow(): Promise<void> {
    const { heartbeat, subscriber, keys, wakeUps, lostMembership } = this.#context;
    // Nothing may be opened once it is stopped: nobody would close it.
    this.#refuseIfStopped();
    await Promise.all([heartbeat.join(this.#id), lostMembership.joins()]);
    this.#refuseIfStopped();
    await subscriber.open();
    await subscriber.subscribe(keys.channel, (message) => {
      wakeUps.notified(message);
    });
    // What was published while nobody listened is not known.
    subscriber.onReady(wakeUps.mayHaveMissed);
    this.#refuseIfStopped();
    this.#hasJoined = true;
  }

  #refuseIfStopped(): void {
    if (!this.#isOpen) throw new BrokerError("this RedisBroker is not started, or was stopped");
  }

  #givenUp(brokerId: string): BrokerError {
    if (brokerId === this.#id) this.#leaseLost();
    return new BrokerError("the cluster has given this broker up; it goes on as another");
  }

  /** From here on this is another broker: what the old one held is others'. */
  #leaseLost(): void {
    const { runtime, wakeUps, reader } = this.#context;
    if (!this.#hasJoined) return;
    this.#hasJoined = false;
    void this.#tellLoss(this.#id);
    this.#id = runtime.newId();
    wakeUps.forget();
    for (const listener of this.#leaseLostListeners) listener();
    // Last: they may have looked at jobs that were read only now.
    reader.forget();
  }

  async #tellLoss(broker: string): Promise<void> {
    const { runtime, lostMembership } = this.#context;
    const reason = await lostMembership.reason();
    runtime.logger.error({ broker }, `this process lost its lease: ${reason}`);
  }

  get #context(): RedisParts {
    if (this.#bound === undefined) {
      throw new TypeError("this RedisBroker belongs to no engine yet: pass it to new Engine()");
    }
    return this.#bound;
  }
}
