import { setImmediate as turn } from "node:timers/promises";

import { createClient } from "@redis/client";

import type { Contender, OnJob, Setting, Setup } from "../lib/contender.ts";
import type { Look } from "../servers/look.ts";

export const SETTINGS: readonly Setting[] = [];

const QUEUE = "floor:queue";
const RUNNING = "floor:running";
const CHANNEL = "floor:jobs";

/** One trip: forget the jobs that ended, take others, and note them as running. */
const TRIP = `
if #ARGV > 1 then redis.call('HDEL', KEYS[2], unpack(ARGV, 2)) end
local jobs = redis.call('LPOP', KEYS[1], ARGV[1])
if not jobs or #jobs == 0 then return {} end
local fields = {}
for index, job in ipairs(jobs) do
  fields[index * 2 - 1] = string.sub(job, 8, 43)
  fields[index * 2] = job
end
redis.call('HSET', KEYS[2], unpack(fields))
return jobs`;

/** What the floor reads of the text of a job. */
interface FloorJob {
  readonly id: string;
  readonly task_args: readonly [number, string?];
}

export function create({ redisPort, payload }: Setup): Contender {
  return new FloorContender(redisPort, payload);
}

/**
 * No queue, only what one cannot do without: the commands, and the arguments of each job read from its JSON. No
 * retries, leases, limits or errors. The text of its jobs is Spinach's.
 */
class FloorContender implements Contender {
  readonly #more: string;
  readonly #client;
  readonly #subscriber;
  #digest = "";
  #ended: string[] = [];
  #stopping = false;
  /** Whether anybody waits for notifications: asked once. */
  #isHeard: boolean | undefined;
  #wake: () => void = () => undefined;
  #loop: Promise<void> | undefined;

  constructor(port: number, payload: string) {
    this.#more = payload === "" ? "" : `,"${payload}"`;
    // Without the timer that each call has by default until it is written.
    const commandOptions = { timeout: 0 };
    this.#client = createClient({ url: `redis://127.0.0.1:${port}`, commandOptions });
    this.#subscriber = this.#client.duplicate();
    this.#client.on("error", fail);
    this.#subscriber.on("error", fail);
  }

  async open(): Promise<void> {
    await this.#client.connect();
    this.#digest = await this.#client.scriptLoad(TRIP);
  }

  async enqueueBatch(first: number, count: number): Promise<void> {
    const jobs = Array.from({ length: count }, (_, offset) => this.#jobText(first + offset));
    await this.#client.rPush(QUEUE, jobs);
  }

  async enqueueOne(index: number): Promise<void> {
    this.#isHeard ??= await this.#hasSubscriber();
    const pushed = this.#client.rPush(QUEUE, this.#jobText(index));
    if (this.#isHeard) await this.#client.publish(CHANNEL, "");
    await pushed;
  }

  /** Nobody subscribes while jobs are only scheduled: the notification is needed where one waits, here or elsewhere. */
  async #hasSubscriber(): Promise<boolean> {
    const { [CHANNEL]: subscribers = 0 } = await this.#client.pubSubNumSub([CHANNEL]);
    return subscribers > 0;
  }

  /** A text as Spinach's: the same members, and an id as long as a UUID. */
  #jobText(index: number): string {
    const id = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
    return `{"id":"${id}","status":2,"task_name":"noop","queue":"spinach","max_retries":1,"retries":0,"at":1760000000,"at_us":0,"task_args":[${index}${this.#more}],"task_kwargs":{}}`;
  }

  async startWorkers(concurrency: number, onJob: OnJob): Promise<void> {
    await this.#subscriber.connect();
    await this.#subscriber.subscribe(CHANNEL, () => this.#wake());
    this.#loop = this.#work(concurrency, async (index) => onJob(index));
  }

  async #work(concurrency: number, run: (index: number) => Promise<void>): Promise<void> {
    while (!this.#stopping || this.#ended.length > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const jobs = await this.#trip(this.#stopping ? 0 : concurrency);
      if (jobs.length === 0) await (this.#stopping ? turn() : promise);
      else await this.#runAll(jobs, run);
    }
  }

  async #trip(most: number): Promise<string[]> {
    const ended = this.#ended;
    this.#ended = [];
    const args = [String(most), ...ended];
    return (await this.#client.evalSha(this.#digest, {
      keys: [QUEUE, RUNNING],
      arguments: args,
    })) as string[];
  }

  async #runAll(jobs: readonly string[], run: (index: number) => Promise<void>): Promise<void> {
    const runs = jobs.map((job) => {
      const { id, task_args: args } = JSON.parse(job) as FloorJob;
      this.#ended.push(id);
      return run(args[0]);
    });
    await Promise.all(runs);
  }

  async waiting({ redis }: Look): Promise<number> {
    return redis.listLength(QUEUE);
  }

  async left({ redis }: Look): Promise<number> {
    return redis.existing([QUEUE, RUNNING]);
  }

  async close(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#loop;
    if (this.#subscriber.isOpen) await this.#subscriber.close();
    await this.#client.close();
  }
}

function fail(error: Error): never {
  throw error;
}
