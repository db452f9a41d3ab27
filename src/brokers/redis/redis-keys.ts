import type { RedisTarget } from "./redis-target.ts";

/** Keys that a namespace has one of, by the names that the scripts give them. */
export interface FixedKeys {
  /** zset: job by due time (s) */
  readonly future: string;
  /** hash: task name -> task as JSON */
  readonly periodicTasks: string;
  /** zset: task name by next run, in whole seconds, rounded up: Python reads no others */
  readonly periodic: string;
  /** Ours. zset: task name by next run (s); counts while it lies in the second that `periodic` has */
  readonly periodicExact: string;
  /** hash: task name -> most jobs at once */
  readonly limits: string;
  /** hash: task name -> running now */
  readonly counts: string;
  /** hash: broker id -> info as JSON */
  readonly infos: string;
  /** zset: broker id by last seen (s): ours may be ahead while it holds no job, and 0 when it is condemned */
  readonly brokers: string;
  /** Ours. zset, all scores 0: jobs that met the limit of their task */
  readonly parked: string;
  /** Ours. hash: how many of them, by task and queue */
  readonly parkedCounts: string;
  /** Ours. hash: task name -> most jobs at once, as we stated it: Python deletes what is in `limits` */
  readonly ownLimits: string;
  /** Ours. hash: task name -> task as JSON, as we stated it: Python deletes what is in `periodicTasks` */
  readonly ownPeriodic: string;
  /** Ours. list: what cannot be used, each after a line of JSON that says where it was and why */
  readonly quarantine: string;
  /** Ours. zset: name of a task by when it was last stated (s); '' by when any process did so */
  readonly stated: string;
  /** Ours. hash: task name -> number and broker id of the process whose definition counts; '' -> the last number given */
  readonly definitions: string;
}

/**
 * The keys of a namespace, each with its type: Python Spinach's, and ours alone, which live under further
 * `_` keys that Python never reads.
 *
 * Source: spinach/const.py
 */
export class RedisKeys {
  readonly fixed: FixedKeys;
  /**
   * pub/sub channel: name of the queue that has something new, empty for any (Python); then, after a line
   * feed, the ids of the brokers that should look, or `clear` if nobody need look any more; then, after another,
   * the id of a broker that looks without being told
   */
  readonly channel: string;
  /** Ours. string: a random name of the data, from the first member on; another one where Redis has lost it in between */
  readonly dataId: string;
  /** Never there, unless another program has made it: what a user of Redis may do is tried on it */
  readonly probe: string;
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
    this.channel = this.#key("_notifications");
    this.probe = this.#key("_rights");
    this.dataId = this.#key("_data-id");
    this.fixed = {
      future: this.#key("_future-jobs"),
      periodicTasks: this.#key("_periodic_tasks_hash"),
      periodic: this.#key("_periodic_tasks_queue"),
      periodicExact: this.#key("_periodic-exact"),
      limits: this.#key("_max_concurrency"),
      counts: this.#key("_current_concurrency"),
      infos: this.#key("_all_brokers_hash"),
      brokers: this.#key("_all_brokers_zset"),
      parked: this.#key("_parked-jobs"),
      parkedCounts: this.#key("_parked-counts"),
      ownLimits: this.#key("_own_limits"),
      ownPeriodic: this.#key("_own_periodic_tasks"),
      quarantine: this.#key("_quarantine"),
      stated: this.#key("_stated_tasks"),
      definitions: this.#key("_definitions"),
    };
  }

  /** list: ready jobs */
  queue(name: string): string {
    return this.#key(name);
  }

  /** hash: job id -> job */
  running(brokerId: string): string {
    return this.#key(`_running-jobs-on-broker-${brokerId}`);
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

  /** Pattern of all keys, for SCAN. */
  get pattern(): string {
    return `${this.#namespace.replaceAll(/[*?\[\]\\]/gv, String.raw`\$&`)}/*`;
  }

  #key(name: string): string {
    return `${this.#namespace}/${name}`;
  }
}

/** Ours. hash: `bytes` in the quarantine, and how many entries were `dropped` from it */
export function quarantineCountsKey(quarantine: string): string {
  return `${quarantine}-counts`;
}

/**
 * Queue `a/b` of namespace `x` has the key of queue `b` in a namespace `x/a`. And in a Redis Cluster all keys of a
 * namespace must be in one slot, which a hash tag does.
 * @throws RangeError if the namespace has a `/`, or no hash tag where it must
 */
export function checkNamespace(namespace: string, { kind }: RedisTarget): void {
  if (namespace.includes("/")) {
    const other = namespace.replaceAll("/", "-");
    throw new RangeError(
      `Engine: on Redis a namespace must not contain "/", or its queues are those of another namespace too, ` +
        `got "${namespace}": call it "${other}"; to bring its jobs along, stop all its processes and rename each key ` +
        `that starts with "${namespace}/"`,
    );
  }
  if (kind !== "cluster" || /^[^\{]*\{[^\}]+\}/v.test(namespace)) return;
  throw new RangeError(
    `Engine: on a Redis Cluster the namespace must carry a hash tag, such as "{${namespace}}", ` +
      `got "${namespace}"`,
  );
}
