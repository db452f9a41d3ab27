import { BrokerError, MalformedJobError } from "../../core/errors.ts";
import { decodeJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import type { TaskDefinition } from "../../core/task.ts";
import type {
  Broker,
  BrokerContext,
  Due,
  ExchangeReply,
  ExchangeRequest,
  ReconcileRequest,
  RescueReply,
  WakeUpListener,
} from "../broker.ts";
import {
  allBrokers,
  exchange,
  isQueueEmpty,
  leaveIdle,
  passOn,
  register,
  runningJobs,
  tick,
  type LuaScript,
} from "./lua-scripts.ts";
import {
  type CheckedRedisBrokerOptions,
  checkRedisBrokerOptions,
  type RedisBrokerOptions,
} from "./redis-broker-options.ts";
import { checkNamespace } from "./redis-keys.ts";
import { type RedisParts, redisParts } from "./redis-parts.ts";
import {
  type RedisClientLike,
  type RedisOptions,
  type RedisTarget,
  redisTarget,
} from "./redis-target.ts";
import { array, parseDue, text, textArray } from "./replies.ts";
import { rescueJobs } from "./rescue.ts";
import { exchangeArguments } from "./settle-request.ts";
import { statedTasks } from "./stated-tasks.ts";
import { WakeUps } from "./wake-ups.ts";

/** Ids given to one tick for the jobs of periodic tasks; if more are due, the next tick has them. */
const IDS_PER_TICK = 20;

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
  readonly #wakeUps: WakeUps = new WakeUps({
    id: () => this.#id,
    passOn: (queue) => void this.#passOn(queue),
  });
  readonly #leaseLostListeners = new Set<() => void>();
  #bound: RedisParts | undefined;
  #id = "";
  #hasJoined = false;
  #joining: Promise<void> | undefined;
  /** Queues that due jobs were of: the tick script must name their keys. */
  readonly #knownQueues = new Set<string>();
  /** Ids of held jobs that no task can run, because their text holds no whole job. */
  readonly #unreadable = new Set<string>();

  /**
   * @param redis - a URL; or the options of `createClient`, `createSentinel` or `createCluster` of
   *   `@redis/client`; or a client of it, whose options are read: the broker makes connections of its
   *   own, and neither uses nor closes the client
   * @throws TypeError or RangeError if an option is not valid
   */
  constructor(redis: string | RedisOptions | RedisClientLike, options: RedisBrokerOptions = {}) {
    this.#target = redisTarget(redis);
    this.#options = checkRedisBrokerOptions(options);
  }

  get id(): string {
    return this.#id;
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
      onLost: (brokerId) => {
        if (brokerId === this.#id) this.#leaseLost();
      },
    });
  }

  async start(): Promise<void> {
    const { connection } = this.#context;
    await connection.open();
  }

  async stop(): Promise<void> {
    const { connection, subscriber, heartbeat, keys } = this.#context;
    await Promise.allSettled([this.#joining]);
    const idle = this.#wakeUps.idleQueues.map((queue) => keys.idleBrokers(queue));
    // As much as can be had: Redis may be down.
    if (idle.length > 0) await Promise.allSettled([this.#run(leaveIdle, idle, [this.#id])]);
    this.#wakeUps.forget();
    this.#joining = undefined;
    this.#hasJoined = false;
    subscriber.close();
    await heartbeat.stop();
    connection.close();
  }

  async enqueue(jobs: readonly StoredJob[]): Promise<void> {
    await this.#context.producer.enqueue(jobs);
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    await this.#join();
    const { keys, runtime } = this.#context;
    const dropped = [...this.#unreadable];
    const brokerId = this.#id;
    const { keys: scriptKeys, args } = exchangeArguments(request, {
      keys,
      brokerId,
      holderId: brokerId,
      nowMs: runtime.clock.now(),
      dropped,
      mayBeIdle: this.#wakeUps.mayBeIdle(request.queues),
    });
    const [more, due, ...wires] = array(await this.#run(exchange, scriptKeys, args));
    if (more === -1 || brokerId !== this.#id) {
      if (brokerId === this.#id) this.#leaseLost();
      throw new BrokerError("the cluster has given this broker up; it goes on as another");
    }
    for (const id of dropped) this.#unreadable.delete(id);
    if (request.max > 0) this.#wakeUps.looked(request.queues, more === 1);
    return { jobs: this.#decode(wires), more: more === 1, nextDueMs: parseDue(text(due)) };
  }

  async tick(): Promise<Due> {
    const { keys, runtime } = this.#context;
    for (;;) {
      const queues = [...this.#knownQueues];
      const ids = Array.from({ length: IDS_PER_TICK }, () => runtime.newId());
      const [due, ...missing] = textArray(
        await this.#run(
          tick,
          [
            keys.futureJobs,
            keys.periodicTasks,
            keys.periodicQueue,
            keys.allBrokers,
            keys.malformedJobs,
            ...queues.flatMap((queue) => keys.queueKeys(queue)),
          ],
          [keys.notifications, String(ids.length), ...ids, ...queues],
        ),
      );
      for (const queue of missing) this.#knownQueues.add(queue);
      if (missing.length === 0) return { nextDueMs: parseDue(due ?? "") };
    }
  }

  async register(tasks: readonly TaskDefinition[]): Promise<void> {
    await this.#join();
    const { keys } = this.#context;
    const brokers = textArray(await this.#run(allBrokers, [keys.allBrokers], []));
    for (const { queue } of tasks) this.#knownQueues.add(queue);
    await this.#run(
      register,
      [
        keys.periodicTasks,
        keys.periodicQueue,
        keys.maxConcurrency,
        keys.currentConcurrency,
        keys.statedTasks,
        keys.parkedJobs,
        keys.parkedCounts,
        ...brokers.map((id) => keys.runningJobs(id)),
      ],
      [keys.notifications, ...statedTasks(tasks)],
    );
  }

  async reconcile({ queues, known }: ReconcileRequest): Promise<readonly StoredJob[]> {
    const { keys } = this.#context;
    const held = array(await this.#run(runningJobs, [keys.runningJobs(this.#id)], []));
    const wires = held.filter((_, index) => index % 2 === 1);
    return this.#decode(wires).filter(
      ({ job }) => queues.includes(job.queue) && !known.has(job.id),
    );
  }

  async rescue(brokerId: string): Promise<RescueReply> {
    await this.#join();
    const { keys, connection, runtime } = this.#context;
    const nowMs = runtime.clock.now();
    return rescueJobs({ connection, keys, brokerId: this.#id, deadId: brokerId, nowMs });
  }

  async isQueueEmpty(queue: string): Promise<boolean> {
    const { keys } = this.#context;
    return (await this.#run(isQueueEmpty, [keys.queue(queue), keys.parkedCounts], [queue])) === 1;
  }

  async flush(): Promise<void> {
    const { connection, keys } = this.#context;
    await connection.deleteMatching(keys.pattern);
  }

  onWakeUp(listener: WakeUpListener): () => void {
    return this.#wakeUps.listen(listener);
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
    const { heartbeat, subscriber, keys } = this.#context;
    await heartbeat.join(this.#id);
    await subscriber.open();
    await subscriber.subscribe(keys.notifications, (message) => {
      this.#wakeUps.notified(message);
    });
    // What was published while nobody listened is not known.
    subscriber.onReady(() => {
      this.#wakeUps.wake(undefined);
    });
    this.#hasJoined = true;
  }

  /** From here on this is another broker: what the old one held is others'. */
  #leaseLost(): void {
    const { runtime } = this.#context;
    if (!this.#hasJoined) return;
    this.#hasJoined = false;
    runtime.logger.error(
      { broker: this.#id },
      "this process lost its lease: its jobs were taken over by others",
    );
    this.#id = runtime.newId();
    this.#unreadable.clear();
    this.#wakeUps.forget();
    for (const listener of this.#leaseLostListeners) listener();
  }

  async #passOn(queue: string): Promise<void> {
    const { keys, runtime } = this.#context;
    try {
      await this.#run(passOn, [], [keys.notifications, queue]);
    } catch (error) {
      runtime.logger.warn({ err: error, queue }, "a wake-up could not be passed on");
    }
  }

  #decode(wires: readonly unknown[]): readonly StoredJob[] {
    const jobs: StoredJob[] = [];
    for (const wire of wires) {
      try {
        jobs.push(decodeJob(text(wire), JobStatus.RUNNING));
      } catch (error) {
        this.#drop(error);
      }
    }
    return jobs;
  }

  #drop(err: unknown): void {
    if (!(err instanceof MalformedJobError)) throw err;
    this.#context.runtime.logger.error({ err }, "dropped a job that cannot be read");
    const id = /"id":\s*"(?<id>[^"]+)"/v.exec(err.wire)?.groups?.["id"];
    if (id !== undefined) this.#unreadable.add(id);
  }

  async #run(script: LuaScript, keys: string[], args: string[]): Promise<unknown> {
    return this.#context.connection.run(script, keys, args);
  }

  get #context(): RedisParts {
    if (this.#bound === undefined) {
      throw new TypeError("this RedisBroker belongs to no engine yet: pass it to new Engine()");
    }
    return this.#bound;
  }
}
