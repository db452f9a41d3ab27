/**
 * The broker on Redis, for clusters. Needs the optional peer dependency `@redis/client`.
 *
 * @module
 */
export type { RedisBrokerOptions } from "./brokers/redis/redis-broker-options.ts";
export { RedisBroker } from "./brokers/redis/redis-broker.ts";
export type {
  RedisAddress,
  RedisClientLike,
  RedisClusterOptions,
  RedisNodeOptions,
  RedisOptions,
  RedisSentinelOptions,
} from "./brokers/redis/redis-target.ts";
