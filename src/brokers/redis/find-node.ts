import { BrokerError } from "../../core/errors.ts";
import { createRedisClient } from "./redis-client.ts";
import { brokerError, isPassing } from "./redis-errors.ts";
import type { RedisNode } from "./redis-node.ts";
import { at, type RedisTarget } from "./redis-target.ts";
import { array, text } from "./replies.ts";

/** What is looked for. */
export interface NodeSearch {
  readonly target: RedisTarget;
  /** A key of the namespace: a cluster's node that has it has them all. */
  readonly key: string;
  /** Longest time that a node that is asked may be silent, in ms. */
  readonly timeoutMs: number;
  /** Aborted to look no longer. */
  readonly signal: AbortSignal;
}

/**
 * The server that has the namespace now: after a failover, or when a cluster moves slots, it is another.
 * All that may know are asked at once, and the first answer counts: some of them may be down.
 */
export async function findNode(search: NodeSearch): Promise<RedisNode> {
  const found = new AbortController();
  try {
    return await answer({ ...search, signal: AbortSignal.any([search.signal, found.signal]) });
  } finally {
    // The others need not answer any more.
    found.abort();
  }
}

async function answer(search: NodeSearch): Promise<RedisNode> {
  const { target } = search;
  switch (target.kind) {
    case "single":
      return target.node;
    case "sentinel":
      return firstOf(
        target.sentinels.map((sentinel) => askSentinel(search, sentinel, target)),
        `asking the sentinels for the primary "${target.name}"`,
      );
    case "cluster":
      return firstOf(
        target.roots.map((root) => askClusterNode(search, root, target)),
        "asking the cluster's nodes for its slots",
      );
  }
}

async function firstOf<Answer>(
  answers: ReadonlyArray<Promise<Answer>>,
  what: string,
): Promise<Answer> {
  try {
    return await Promise.any(answers);
  } catch (error) {
    const reasons: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    // One that refuses says more than others that are down.
    throw brokerError(what, reasons.find((reason) => !isPassing(reason)) ?? reasons[0]);
  }
}

async function askSentinel(
  search: NodeSearch,
  sentinel: RedisNode,
  { name, node }: Extract<RedisTarget, { kind: "sentinel" }>,
): Promise<RedisNode> {
  const command = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name];
  const [address] = await ask(search, sentinel, [command]);
  if (address === null) {
    throw new BrokerError(
      `Redis: the sentinels know no primary named "${name}": check the name given to RedisBroker`,
    );
  }
  const [host, port] = array(address);
  return at(node, { host: text(host), port: Number(port) });
}

async function askClusterNode(
  search: NodeSearch,
  root: RedisNode,
  { addresses }: Extract<RedisTarget, { kind: "cluster" }>,
): Promise<RedisNode> {
  const commands = [
    ["CLUSTER", "KEYSLOT", search.key],
    ["CLUSTER", "SLOTS"],
  ];
  const [slot, ranges] = await ask(search, root, commands);
  for (const range of array(ranges)) {
    const [first, last, primary] = array(range);
    if (Number(first) > Number(slot) || Number(last) < Number(slot)) continue;
    const [host, port] = array(primary);
    // A node that does not know its own address leaves it out: it is the one that was asked.
    const isKnown = typeof host === "string" && host !== "" && host !== "?";
    const address = { ...(isKnown && { host }), port: Number(port) };
    return at(root, addresses[`${String(host)}:${String(port)}`] ?? address);
  }
  // Passes: the cluster is being made, or mended.
  throw new Error(`no node of the cluster serves slot ${String(slot)}`);
}

async function ask(
  { timeoutMs, signal }: NodeSearch,
  node: RedisNode,
  commands: ReadonlyArray<readonly string[]>,
): Promise<readonly unknown[]> {
  const client = await createRedisClient(node, {
    connectTimeoutMs: timeoutMs,
    silenceTimeoutMs: timeoutMs,
    signal,
  });
  try {
    await client.connect();
    const replies: unknown[] = [];
    for (const command of commands) replies.push(await client.call(command));
    return replies;
  } finally {
    client.destroy();
  }
}
