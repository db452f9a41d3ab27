import type { RedisTarget } from "./redis-target.ts";

/**
 * The keys of a namespace, each with its type. Those of Python Spinach first; what is ours alone lives
 * under further `_` keys, which Python never reads.
 *
 * Source: spinach/const.py
 */
export class RedisKeys {
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** list: ready jobs */
  queue(name: string): string {
    return this.#key(name);
  }

  /** hash: job id -> job */
  runningJobs(brokerId: string): string {
    return this.#key(`_running-jobs-on-broker-${brokerId}`);
  }

  /** zset: job by due time (s) */
  get futureJobs(): string {
    return this.#key("_future-jobs");
  }

  /** hash: task name -> task as JSON */
  get periodicTasks(): string {
    return this.#key("_periodic_tasks_hash");
  }

  /** zset: task name by next run (s) */
  get periodicQueue(): string {
    return this.#key("_periodic_tasks_queue");
  }

  /** hash: task name -> most jobs at once */
  get maxConcurrency(): string {
    return this.#key("_max_concurrency");
  }

  /** hash: task name -> running now */
  get currentConcurrency(): string {
    return this.#key("_current_concurrency");
  }

  /** hash: broker id -> info as JSON */
  get allBrokersInfo(): string {
    return this.#key("_all_brokers_hash");
  }

  /** zset: broker id by last seen (s) */
  get allBrokers(): string {
    return this.#key("_all_brokers_zset");
  }

  /**
   * pub/sub channel: name of the queue that has something new, empty for any (Python); then, after a line
   * feed, the ids of the brokers that should look, unless all should
   */
  get notifications(): string {
    return this.#key("_notifications");
  }

  /** Ours. set: ids of the brokers that found the queue empty and were not woken since */
  idleBrokers(queue: string): string {
    return this.#key(`_idle-brokers-of-${queue}`);
  }

  /** A queue's keys, as the scripts take them. */
  queueKeys(name: string): readonly string[] {
    return [this.queue(name), this.idleBrokers(name)];
  }

  /** Ours. string: number of the producer's last call */
  producer(producerId: string): string {
    return this.#key(`_producer-${producerId}`);
  }

  /** Ours. zset, all scores 0: jobs that met the limit of their task */
  get parkedJobs(): string {
    return this.#key("_parked-jobs");
  }

  /** Ours. hash: how many of them, by task and queue */
  get parkedCounts(): string {
    return this.#key("_parked-counts");
  }

  /** Ours. list: texts found where jobs should be */
  get malformedJobs(): string {
    return this.#key("_malformed-jobs");
  }

  /** Ours. zset: name of a task by when it was last stated (s) */
  get statedTasks(): string {
    return this.#key("_stated_tasks");
  }

  /** Pattern of all keys, for SCAN. */
  get pattern(): string {
    return `${this.#namespace.replaceAll(/[*?\[\]\\]/gv, String.raw`\$&`)}/*`;
  }

  #key(name: string): string {
    return `${this.#namespace}/${name}`;
  }
}

/**
 * In a Redis Cluster all keys of a namespace must be in one slot, which a hash tag does.
 * @throws RangeError if the namespace has none there
 */
export function checkNamespace(namespace: string, { kind }: RedisTarget): void {
  if (kind !== "cluster" || /^[^\{]*\{[^\}]+\}/v.test(namespace)) return;
  throw new RangeError(
    `Engine: on a Redis Cluster the namespace must carry a hash tag, such as "{${namespace}}", ` +
      `got "${namespace}"`,
  );
}
