import { BrokerError } from "../../core/errors.ts";

/** Replies of Redis that pass by themselves: starting, a long script, a failover or a move of slots under way. */
const PASSING = [
  "ASK",
  "BUSY",
  "CLUSTERDOWN",
  "LOADING",
  "MASTERDOWN",
  "MOVED",
  "NOREPLICAS",
  "READONLY",
  "TRYAGAIN",
] as const;

/**
 * Replies of a server that has not, or not any more, what is looked for; or may not have it: it is cut off
 * from its replicas, its primary or its cluster.
 */
const WRONG_NODE: ReadonlySet<string | undefined> = new Set([
  "CLUSTERDOWN",
  "MASTERDOWN",
  "MOVED",
  "NOREPLICAS",
  "READONLY",
]);

/** The reply of a server whose `maxclients` are there. */
const TOO_MANY_CLIENTS = /max number of clients/v;

/** What to do about replies that do not pass. */
const REMEDIES: Readonly<Record<string, string>> = {
  CROSSSLOT: "on a Redis Cluster, give the engine a namespace with a hash tag, such as {spinach}",
  MISCONF: "Redis cannot save to disk: free space, or see its log",
  NOAUTH:
    "give RedisBroker a username and password, for example in the URL: redis://user:password@host, or redis://:password@host",
  NOPERM:
    "the smallest rights, as ACL SETUSER takes them, are in docs/reliability.md, for the namespace spinach (~spinach/* &spinach/*)",
  OOM: "Redis is full: raise maxmemory, or let the workers catch up",
  WRONGPASS: "check the username and password given to RedisBroker",
  WRONGTYPE: "another program uses a key of this namespace: pick another namespace",
};

/** The first word of an error reply, for example `LOADING`; `undefined` if it is no reply of Redis. */
export function replyCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !isErrorReply(error)) return undefined;
  // Redis 6.2 puts what went wrong inside a script behind where it did.
  const inScript = /^ERR Error running script.*: -(?<code>[A-Z]+) /v.exec(error.message);
  return inScript?.groups?.["code"] ?? /^[A-Z]+/v.exec(error.message)?.[0];
}

/** Whether trying again can help: a connection that broke, or a reply that passes. */
export function isPassing(error: unknown): boolean {
  if (error instanceof BrokerError) return error.cause !== undefined && isPassing(error.cause);
  if (!(error instanceof Error)) return false;
  if (!isErrorReply(error)) return !(error instanceof TypeError);
  const code = replyCode(error);
  return PASSING.some((passing) => passing === code) || isNotReady(error);
}

/** Whether the right server was met, which will be ready by itself: it loads its data, runs a long script, or is crowded. */
export function isNotReady(error: unknown): boolean {
  if (error instanceof BrokerError) return isNotReady(error.cause);
  const code = replyCode(error);
  if (code === "LOADING" || code === "BUSY") return true;
  return code === "ERR" && error instanceof Error && TOO_MANY_CLIENTS.test(error.message);
}

/** A server was met that is not the primary. */
export class ReplicaError extends Error {}

/** Whether the server that answered is not, or not any more, the one that is looked for. */
export function isMisled(error: unknown): boolean {
  return error instanceof ReplicaError || WRONG_NODE.has(replyCode(error));
}

/** Whether `HELLO` was refused, by which a client asks for the newer protocol: there is none, or this user may not. */
export function isOldProtocol(error: unknown): boolean {
  const code = replyCode(error);
  if (code === "NOPROTO") return true;
  return code !== undefined &&
    error instanceof Error &&
    /unknown command|NOPERM/v.test(error.message)
    ? /\bhello\b/iv.test(error.message)
    : false;
}

/** Whether the other end has closed a connection in order. By name: see {@link isErrorReply}. */
export function isClose(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === "SocketClosedUnexpectedlyError";
}

/** What failed, why, and what to do. */
export function brokerError(what: string, error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  const code = replyCode(error);
  const remedy = code === undefined ? undefined : REMEDIES[code];
  const advice = remedy === undefined ? "" : `; ${remedy}`;
  return new BrokerError(`Redis: ${what} failed: ${reasonOf(error)}${advice}`, { cause: error });
}

function reasonOf(error: unknown): string {
  // A host of several addresses, none of which answered: Node gives no message.
  if (error instanceof AggregateError && error.message === "") return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}

/** By name, not by class: the client may be another copy of its package. */
function isErrorReply(error: Error): boolean {
  for (let type: unknown = error.constructor; typeof type === "function";) {
    if (type.name === "ErrorReply") return true;
    type = Object.getPrototypeOf(type);
  }
  return false;
}
