/**
 * The broker on Redis, for clusters. Needs the optional peer dependency `@redis/client`.
 *
 * @module
 */
export type { CheckServerIdentity, RedisCredential } from "./brokers/redis/asked-options.ts";
export type { RedisBrokerOptions } from "./brokers/redis/redis-broker-options.ts";
export { RedisBroker } from "./brokers/redis/redis-broker.ts";
export type { RedisNodeOptions, RedisSocketOptions } from "./brokers/redis/redis-node.ts";
export type {
  RedisAddress,
  RedisClientLike,
  RedisClusterOptions,
  RedisLocation,
  RedisOptions,
  RedisSentinelOptions,
} from "./brokers/redis/redis-target.ts";
