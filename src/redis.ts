/**
 * The broker on Redis, for clusters. Needs the optional peer dependency `@redis/client`.
 *
 * @module
 */
export { RedisBroker, type RedisBrokerOptions } from "./brokers/redis/redis-broker.ts";
export type { RedisOptions } from "./brokers/redis/redis-client.ts";
