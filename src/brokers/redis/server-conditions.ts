import type { Logger } from "../../platform/logger.ts";
import { fields } from "./client-options.ts";
import type { RedisConnection } from "./connection.ts";

/** What a server is asked. */
export interface ServerReplies {
  /** Of `INFO memory`. */
  readonly memory: string;
  /** Of `INFO persistence`. */
  readonly persistence: string;
  /** When it saves, of `CONFIG GET save`; `undefined` if it does not tell. */
  readonly save: string | undefined;
}

/**
 * Warns, once a connection is made for the first time, in words of an operator, if the server does not keep what it has
 * acknowledged. A server that does not tell, or does not let this user ask, is not warned of.
 */
export function warnOfConditions(connection: RedisConnection, logger: Logger): void {
  let isFirst = true;
  connection.onReady(() => {
    if (isFirst) void warn(connection, logger);
    isFirst = false;
  });
}

async function warn(connection: RedisConnection, logger: Logger): Promise<void> {
  const [memory, persistence, save] = await Promise.all([
    connection.command(["INFO", "memory"]).catch(() => ""),
    connection.command(["INFO", "persistence"]).catch(() => ""),
    connection.command(["CONFIG", "GET", "save"]).catch(() => undefined),
  ]);
  const replies = {
    memory: String(memory),
    persistence: String(persistence),
    save: valueOf("save", save),
  };
  for (const message of brokenConditions(replies)) logger.warn({}, message);
}

/** What is told of a server. */
export function brokenConditions(replies: ServerReplies): readonly string[] {
  return [evictionOf(replies.memory), persistenceOf(replies)].filter((text) => text !== undefined);
}

function evictionOf(memory: string): string | undefined {
  const policy = field(memory, "maxmemory_policy");
  // Without a limit nothing is evicted.
  if (policy === undefined || policy === "noeviction" || field(memory, "maxmemory") === "0") return;
  const remedy = "set maxmemory-policy noeviction";
  // Of our keys only those expire that tell a repeated call from a new one.
  return policy.startsWith("volatile-")
    ? `Redis throws keys that expire away when it is full (maxmemory-policy ${policy}): a schedule() that is tried again may schedule its jobs twice; ${remedy}`
    : `Redis throws keys away when it is full (maxmemory-policy ${policy}): jobs that it has acknowledged may vanish; ${remedy}`;
}

function persistenceOf({ persistence, save }: ServerReplies): string | undefined {
  if (field(persistence, "aof_enabled") !== "0" || save !== "") return;
  return (
    "Redis keeps nothing on disk (no append-only file, no save points): " +
    "all jobs are lost when it restarts; set appendonly yes"
  );
}

/** Of a reply of `CONFIG GET`: a map, or in the old protocol a list. */
function valueOf(name: string, reply: unknown): string | undefined {
  const value: unknown = Array.isArray(reply) ? reply[1] : fields(reply)[name];
  return typeof value === "string" ? value : undefined;
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(?<value>[^\\r\\n]*)`, "mv").exec(info)?.groups?.["value"];
}
