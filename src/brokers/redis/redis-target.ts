import { checkInteger, checkName, checkOptions, describe } from "../../core/option-checks.ts";
import { fields, optionsOfClient } from "./client-options.ts";
import { BROKER_OPTION_HINTS } from "./redis-broker-options.ts";
import { checkUrl, isTlsUrl, withoutUrl } from "./redis-url.ts";

/** How to reach one Redis server: options of `createClient` of `@redis/client` that are plain data. */
export interface RedisNodeOptions {
  /** `redis[s]://[[username][:password]@][host][:port][/database]` */
  readonly url?: string;
  readonly username?: string;
  readonly password?: string;
  readonly database?: number;
  /** Of `net.connect` or, with `tls: true`, of `tls.connect`. */
  readonly socket?: Readonly<Record<string, unknown>>;
}

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

/** How to reach Redis. Plain data, because the heartbeat thread makes a connection of its own. */
export type RedisOptions = RedisNodeOptions | RedisSentinelOptions | RedisClusterOptions;

/** A client of `@redis/client`, or one that is like it. Only its options are read. */
export interface RedisClientLike {
  duplicate(): unknown;
}

/** What is reached: one server, the primary that sentinels name, or a cluster's node that has our slot. */
export type RedisTarget =
  | { readonly kind: "single"; readonly node: RedisNodeOptions }
  | {
      readonly kind: "sentinel";
      readonly name: string;
      readonly sentinels: readonly RedisNodeOptions[];
      readonly node: RedisNodeOptions;
    }
  | {
      readonly kind: "cluster";
      /** Without URLs, so that only the address need be changed to reach another node. */
      readonly roots: readonly RedisNodeOptions[];
      readonly addresses: NonNullable<RedisClusterOptions["nodeAddressMap"]>;
    };

const PORT = { min: 1, max: 65_535 };

const NODE_OPTIONS = ["url", "username", "password", "database", "socket"];
const IN_SOCKET = "it belongs into socket, as in { socket: { host, port } }, or give a url";
const NODE_HINTS = Object.freeze({
  ...BROKER_OPTION_HINTS,
  host: IN_SOCKET,
  port: IN_SOCKET,
  path: IN_SOCKET,
  tls: IN_SOCKET,
  db: "it is called database",
});
const SENTINEL_OPTIONS = [
  "name",
  "sentinelRootNodes",
  "nodeClientOptions",
  "sentinelClientOptions",
];
const CLUSTER_OPTIONS = ["rootNodes", "defaults", "nodeAddressMap"];

/**
 * Reads what `new RedisBroker` is given.
 * @throws TypeError or RangeError if it leads to no Redis
 */
export function redisTarget(redis: unknown): RedisTarget {
  if (typeof redis === "string")
    return { kind: "single", node: nodeOptions("url", { url: redis }) };
  if (typeof redis !== "object" || redis === null) {
    throw new TypeError(
      `RedisBroker: expected a URL, options or a client of @redis/client, got ${describe(redis)}`,
    );
  }
  return targetOf("duplicate" in redis ? optionsOfClient(redis) : redis);
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
  const defaults = withoutUrl(nodeOptions("sentinelClientOptions", sentinelClientOptions ?? {}));
  return {
    kind: "sentinel",
    name: checkName("RedisBroker: name", name),
    sentinels: list("sentinelRootNodes", sentinelRootNodes).map((sentinel, index) =>
      at(defaults, addressOf(`sentinelRootNodes[${index}]`, sentinel)),
    ),
    node: withoutUrl(nodeOptions("nodeClientOptions", nodeClientOptions ?? {})),
  };
}

function clusterTarget(options: object): RedisTarget {
  checkOptions("RedisBroker", options, CLUSTER_OPTIONS, BROKER_OPTION_HINTS);
  const {
    rootNodes,
    defaults,
    nodeAddressMap,
  }: Partial<Record<keyof RedisClusterOptions, unknown>> = options;
  const node = withoutUrl(nodeOptions("defaults", defaults ?? {}));
  return {
    kind: "cluster",
    roots: list("rootNodes", rootNodes).map((root) =>
      merged(node, withoutUrl(nodeOptions("rootNodes", root))),
    ),
    addresses: addressMap(nodeAddressMap ?? {}),
  };
}

/** The same options, which have no URL, with another address. */
export function at(node: RedisNodeOptions, address: object): RedisNodeOptions {
  return merged(node, { socket: { ...address } });
}

function merged(node: RedisNodeOptions, own: RedisNodeOptions): RedisNodeOptions {
  return { ...node, ...own, socket: { ...node.socket, ...own.socket } };
}

function list(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw new TypeError(`RedisBroker: ${name} must be an array of at least one node`);
}

function nodeOptions(name: string, value: unknown): RedisNodeOptions {
  // It may be a URL, with a password.
  if (typeof value === "string") {
    throw new TypeError(`RedisBroker: ${name} must be objects, such as { url }, got a string`);
  }
  checkOptions(`RedisBroker: ${name}`, value, NODE_OPTIONS, NODE_HINTS);
  const { url, username, password, database, socket } = fields(value);
  const node = {
    ...(url !== undefined && { url: checkUrl(url) }),
    ...(username !== undefined && { username: checkName("RedisBroker: username", username) }),
    ...(password !== undefined && { password: checkSecret(password) }),
    ...(database !== undefined && {
      database: checkInteger("RedisBroker: database", database, { min: 0 }),
    }),
    ...(socket !== undefined && { socket: plain("socket", socket) }),
  };
  refuseContradiction(node);
  return node;
}

function refuseContradiction({ url, socket }: RedisNodeOptions): void {
  const tls = socket?.["tls"];
  if (url === undefined || tls === undefined || Boolean(tls) === isTlsUrl(url)) return;
  throw new RangeError(
    `RedisBroker: socket.tls is ${describe(tls)}, but the url says otherwise: it starts with rediss:// for TLS`,
  );
}

function checkSecret(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(
    `RedisBroker: password must be a string, got a value of type ${typeof value}`,
  );
}

/** A copy that a thread can have. */
function plain(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`RedisBroker: ${name} must be an object, got ${describe(value)}`);
  }
  try {
    return structuredClone(fields(value));
  } catch (error) {
    throw new TypeError(
      `RedisBroker: ${name} must be plain data, without functions: the heartbeat thread connects with it too`,
      { cause: error },
    );
  }
}

function addressMap(value: unknown): Readonly<Record<string, RedisAddress>> {
  return Object.fromEntries(
    Object.entries(plain("nodeAddressMap", value)).map(([name, address]) => [
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
