import { until } from "../../../src/testing/waits.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { type RedisProcess, startRedisProcess } from "./redis-process.ts";

/** A Redis Cluster of the tests' own: three nodes without replicas, each with a third of the slots. */
export interface TestRedisCluster {
  /** One a node. */
  readonly urls: readonly string[];
  /** Asks a node itself, whatever others have. */
  readonly at: (url: string) => Inspector;
  /** The URL of the node that has the slot of a key. */
  ownerOf(key: string): Promise<string>;
  /**
   * Moves the slot of a key, with all its keys, to the node of a URL, as `redis-cli --cluster` does.
   * @param halfway - called and awaited while the slot is between both nodes
   */
  moveSlotOf(key: string, toUrl: string, halfway?: () => Promise<unknown>): Promise<void>;
  /** Takes a node out of the cluster: it stays up, alone and empty. */
  takeOut(url: string): Promise<void>;
  stop(): Promise<void>;
}

interface Node {
  readonly server: RedisProcess;
  readonly inspector: Inspector;
  readonly id: string;
}

const NODES = 3;
const SLOTS = 16_384;

export async function startRedisCluster(): Promise<TestRedisCluster> {
  const flags = ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"];
  // Without the slots of a node that a test takes out, the others go on.
  flags.push("--cluster-require-full-coverage", "no");
  const servers = Array.from({ length: NODES }, () => startRedisProcess({ flags }));
  const nodes = await Promise.all(servers.map(async (server) => nodeOf(await server)));
  await join(nodes);
  return clusterOf(nodes);
}

async function nodeOf(server: RedisProcess): Promise<Node> {
  const inspector = await inspect(server.url);
  return { server, inspector, id: String(await inspector.call("CLUSTER", "MYID")) };
}

async function join(nodes: readonly Node[]): Promise<void> {
  for (const [index, { inspector, server }] of nodes.entries()) {
    const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
    const own = slots.filter((slot) => Math.floor((slot * NODES) / SLOTS) === index);
    // One by one: Redis 6.2 knows no ranges.
    await inspector.call("CLUSTER", "ADDSLOTS", ...own.map(String));
    await nodes[0]?.inspector.call("CLUSTER", "MEET", "127.0.0.1", String(server.port));
  }
  for (const { inspector } of nodes) {
    await until("a node takes the cluster for complete", async () => {
      const info = String(await inspector.call("CLUSTER", "INFO"));
      return info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${NODES}`);
    });
  }
}

function clusterOf(nodes: readonly Node[]): TestRedisCluster {
  const nodeAt = (url: string): Node => {
    const node = nodes.find(({ server }) => server.url === url);
    if (node === undefined) throw new Error(`no node of the cluster has the URL ${url}`);
    return node;
  };
  const ownerOf = async (key: string): Promise<string> =>
    until(`a node has the slot of ${key}`, async () => {
      for (const { server, inspector } of nodes) {
        if (await owns(inspector, key)) return server.url;
      }
      return undefined;
    });
  return {
    urls: nodes.map(({ server }) => server.url),
    at: (url) => nodeAt(url).inspector,
    ownerOf,
    moveSlotOf: async (key, toUrl, halfway) => {
      const from = nodeAt(await ownerOf(key));
      await moveSlot({ nodes, from, to: nodeAt(toUrl), key, halfway });
    },
    takeOut: async (url) => {
      const { call } = nodeAt(url).inspector;
      await call("FLUSHALL");
      await call("CLUSTER", "RESET");
    },
    stop: async () => {
      for (const { inspector } of nodes) inspector.close();
      await Promise.all(nodes.map(({ server }) => server.stop()));
    },
  };
}

async function owns({ call }: Inspector, key: string): Promise<boolean> {
  try {
    await call("EXISTS", key);
    return true;
  } catch {
    return false;
  }
}

interface Move {
  readonly nodes: readonly Node[];
  readonly from: Node;
  readonly to: Node;
  readonly key: string;
  readonly halfway: (() => Promise<unknown>) | undefined;
}

async function moveSlot({ nodes, from, to, key, halfway }: Move): Promise<void> {
  const slot = String(await from.inspector.call("CLUSTER", "KEYSLOT", key));
  await to.inspector.call("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id);
  await from.inspector.call("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id);
  for (let isFirst = true; ; isFirst = false) {
    const count = isFirst ? "1" : "100";
    const keys = await from.inspector.call("CLUSTER", "GETKEYSINSLOT", slot, count);
    if (!Array.isArray(keys) || keys.length === 0) break;
    const address = ["127.0.0.1", String(to.server.port), "", "0", "20000"];
    await from.inspector.call("MIGRATE", ...address, "KEYS", ...keys.map(String));
    if (isFirst) await halfway?.();
  }
  // Who gets it first: it makes the move known to the others.
  const told = [to, ...nodes.filter((node) => node !== to)];
  for (const { inspector } of told) {
    await inspector.call("CLUSTER", "SETSLOT", slot, "NODE", to.id);
  }
}
