import type { Inspector } from "../brokers/redis/inspector.ts";

/** What a program holds at one moment, after a garbage collection. Sizes in bytes. */
export interface Sample {
  readonly heap: number;
  readonly rss: number;
  /** Buffers and other memory outside the heap. */
  readonly external: number;
  /** Timers, sockets, threads and so on that keep a process alive or could. */
  readonly resources: number;
  /** What Redis has in use. */
  readonly redis: number;
  /** Keys of Redis, but for those that it forgets by itself. */
  readonly keys: number;
}

export type Measure = keyof Sample;

/** @throws TypeError if the program was not started with --expose-gc */
export async function takeSample(inspector: Inspector): Promise<Sample> {
  await collectGarbage();
  const { heapUsed, rss, external } = process.memoryUsage();
  return {
    heap: heapUsed,
    rss,
    external,
    resources: process.getActiveResourcesInfo().length,
    redis: await redisMemory(inspector),
    keys: await lastingKeys(inspector),
  };
}

/** Twice, with turns of the loop between: what a finalizer lets go of is collected too. */
async function collectGarbage(): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new TypeError("start it with node --expose-gc");
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((wake) => {
      setImmediate(wake);
    });
    await gc({ execution: "async", type: "major" });
  }
}

async function redisMemory({ call }: Inspector): Promise<number> {
  const info = String(await call("INFO", "memory"));
  return Number(/^used_memory_dataset:(?<bytes>\d+)/mv.exec(info)?.groups?.["bytes"]);
}

async function lastingKeys({ call }: Inspector): Promise<number> {
  const keys = await call("KEYS", "*");
  if (!Array.isArray(keys)) return 0;
  const lives = await Promise.all(keys.map((key) => call("TTL", String(key))));
  return lives.filter((ttl) => ttl === -1).length;
}
