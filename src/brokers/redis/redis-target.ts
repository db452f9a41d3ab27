import { isPlainObject } from "../../core/is-plain-object.ts";
import { checkInteger, checkName, checkOptions, describe } from "../../core/option-checks.ts";
import { isClient, fields, optionsOfClient, whyNoClient } from "./client-options.ts";
import { BROKER_OPTION_HINTS } from "./redis-broker-options.ts";
import {
  nodeOptions,
  plainData,
  PORT,
  type RedisNode,
  type RedisNodeOptions,
} from "./redis-node.ts";

/** Where a server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** A primary that sentinels watch: options of `createSentinel` of `@redis/client`. */
export interface RedisSentinelOptions {
  /** Name of the primary, as the sentinels know it. */
  readonly name: string;
  readonly sentinelRootNodes: readonly RedisAddress[];
  /** For the connections to Redis. */
  readonly nodeClientOptions?: RedisNodeOptions;
  /** For the connections to sentinels. */
  readonly sentinelClientOptions?: RedisNodeOptions;
}

/** A Redis Cluster: options of `createCluster` of `@redis/client`. The namespace must carry a hash tag. */
export interface RedisClusterOptions {
  readonly rootNodes: readonly RedisNodeOptions[];
  /** For the connections to every node. */
  readonly defaults?: RedisNodeOptions;
  /** Where nodes are found whose own addresses cannot be reached: `host:port` -> address. */
  readonly nodeAddressMap?: Readonly<Record<string, RedisAddress>>;
}

/**
 * How to reach Redis. Plain data, because the heartbeat thread makes a connection of its own; it asks the process what
 * functions for credentials and `checkServerIdentity` give.
 */
export type RedisOptions = RedisNodeOptions | RedisSentinelOptions | RedisClusterOptions;

/** A client of `@redis/client`, or one that is like it. Only its options are read. */
export interface RedisClientLike {
  readonly isOpen: boolean;
}

/** What says where Redis is. */
export type RedisLocation = string | URL | RedisOptions | RedisClientLike;

/** What is reached: one server, the primary that sentinels name, or a cluster's node that has our slot. */
export type RedisTarget<Node = RedisNode> =
  | { readonly kind: "single"; readonly node: Node }
  | {
      readonly kind: "sentinel";
      readonly name: string;
      readonly sentinels: readonly Node[];
      readonly node: Node;
    }
  | {
      readonly kind: "cluster";
      readonly roots: readonly Node[];
      readonly addresses: NonNullable<RedisClusterOptions["nodeAddressMap"]>;
    };

const SENTINEL_OPTIONS = [
  "name",
  "sentinelRootNodes",
  "nodeClientOptions",
  "sentinelClientOptions",
];
/** Sentinels, and nodes of a cluster, have a host and a port. */
const IN_TOPOLOGY = { isAddressed: true };
const CLUSTER_OPTIONS = ["rootNodes", "defaults", "nodeAddressMap"];

/**
 * Reads what `new RedisBroker` is given.
 * @throws TypeError or RangeError if it leads to no Redis
 */
export function redisTarget(redis: unknown): RedisTarget {
  if (typeof redis === "string" || redis instanceof URL) {
    return { kind: "single", node: nodeOptions("url", { url: redis }) };
  }
  if (typeof redis === "object" && redis !== null) {
    if (isClient(redis)) return targetOf(optionsOfClient(redis));
    if (isPlainObject(redis) || Array.isArray(redis)) return targetOf(redis);
  }
  throw new TypeError(
    `RedisBroker: expected a URL, options or a client of @redis/client, got ${describe(redis)}${whyNoClient(redis)}`,
  );
}

function targetOf(options: object): RedisTarget {
  if ("sentinelRootNodes" in options) return sentinelTarget(options);
  if ("rootNodes" in options) return clusterTarget(options);
  return { kind: "single", node: nodeOptions("options", options) };
}

function sentinelTarget(options: object): RedisTarget {
  checkOptions("RedisBroker", options, SENTINEL_OPTIONS, BROKER_OPTION_HINTS);
  const {
    name,
    sentinelRootNodes,
    nodeClientOptions,
    sentinelClientOptions,
  }: Partial<Record<keyof RedisSentinelOptions, unknown>> = options;
  const defaults = nodeOptions("sentinelClientOptions", sentinelClientOptions ?? {}, IN_TOPOLOGY);
  return {
    kind: "sentinel",
    name: checkName("RedisBroker: name", name),
    sentinels: list("sentinelRootNodes", sentinelRootNodes).map((sentinel, index) =>
      at(defaults, addressOf(`sentinelRootNodes[${index}]`, sentinel)),
    ),
    node: nodeOptions("nodeClientOptions", nodeClientOptions ?? {}, IN_TOPOLOGY),
  };
}

function clusterTarget(options: object): RedisTarget {
  checkOptions("RedisBroker", options, CLUSTER_OPTIONS, BROKER_OPTION_HINTS);
  const {
    rootNodes,
    defaults,
    nodeAddressMap,
  }: Partial<Record<keyof RedisClusterOptions, unknown>> = options;
  const node = nodeOptions("defaults", defaults ?? {}, IN_TOPOLOGY);
  return {
    kind: "cluster",
    roots: list("rootNodes", rootNodes).map((root) =>
      merged(node, nodeOptions("rootNodes", root, IN_TOPOLOGY)),
    ),
    addresses: addressMap(nodeAddressMap ?? {}),
  };
}

/** The same target, its nodes told otherwise. */
export function mapNodes<From, To>(
  target: RedisTarget<From>,
  map: (node: From) => To,
): RedisTarget<To> {
  switch (target.kind) {
    case "single":
      return { ...target, node: map(target.node) };
    case "sentinel":
      return { ...target, sentinels: target.sentinels.map(map), node: map(target.node) };
    case "cluster":
      return { ...target, roots: target.roots.map(map) };
  }
}

/** The same node with another address. */
export function at(node: RedisNode, address: object): RedisNode {
  return merged(node, { socket: { ...address } });
}

function merged(node: RedisNode, own: RedisNode): RedisNode {
  return { ...node, ...own, socket: { ...node.socket, ...own.socket } };
}

function list(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw new TypeError(`RedisBroker: ${name} must be an array of at least one node`);
}

function addressMap(value: unknown): Readonly<Record<string, RedisAddress>> {
  return Object.fromEntries(
    Object.entries(plainData("nodeAddressMap", value)).map(([name, address]) => [
      name,
      addressOf(`nodeAddressMap["${name}"]`, address),
    ]),
  );
}

function addressOf(name: string, value: unknown): RedisAddress {
  const { host, port } = fields(value);
  return {
    host: checkName(`RedisBroker: ${name}.host`, host),
    port: checkInteger(`RedisBroker: ${name}.port`, port, PORT),
  };
}
