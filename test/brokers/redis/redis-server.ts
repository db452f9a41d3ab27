import { type RedisProcess, startRedisProcess } from "./redis-process.ts";

/** A `redis-server` of the tests' own, in a temporary folder. */
export type TestRedis = RedisProcess;

/** Starts a server on a free port of 127.0.0.1. @param flags - more arguments of redis-server */
export async function startRedis(...flags: readonly string[]): Promise<TestRedis> {
  return startRedisProcess({ flags });
}
