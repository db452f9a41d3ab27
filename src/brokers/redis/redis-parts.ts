import { hostname } from "node:os";
import { isMainThread } from "node:worker_threads";

import type { BrokerContext } from "../broker.ts";
import type { Question } from "../heartbeat/heartbeat-protocol.ts";
import { HeartbeatThread } from "../heartbeat/heartbeat-thread.ts";
import { RedisConnection } from "./connection.ts";
import type { RedisHeartbeatData } from "./heartbeat-data.ts";
import { JobReader } from "./job-reader.ts";
import { LostMembership } from "./lost-membership.ts";
import { OneServer } from "./one-server.ts";
import { OwnJobs } from "./own-jobs.ts";
import { Producer } from "./producer.ts";
import { QuarantineLog } from "./quarantine-log.ts";
import type { CheckedRedisBrokerOptions } from "./redis-broker-options.ts";
import { RedisKeys } from "./redis-keys.ts";
import type { RedisTarget } from "./redis-target.ts";
import { Registrar } from "./registrar.ts";
import { Rights } from "./rights.ts";
import { warnOfConditions } from "./server-conditions.ts";
import { threadTarget } from "./thread-target.ts";
import { WakeUps } from "./wake-ups.ts";

/** So often a connection that only listens makes sure that it lives, in ms. */
const PING_EVERY_MS = 30_000;

/** Node runs our source, and what tsc makes of it, from the file of the same name. */
const HEARTBEAT_ENTRY = new URL(
  `./heartbeat-entry.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** What a broker is made of once it belongs to an engine. */
export interface RedisParts extends BrokerContext {
  readonly keys: RedisKeys;
  readonly connection: RedisConnection;
  /** For notifications: a connection that listens does nothing else. */
  readonly subscriber: RedisConnection;
  readonly producer: Producer;
  readonly heartbeat: HeartbeatThread;
  readonly wakeUps: WakeUps;
  readonly reader: JobReader;
  readonly registrar: Registrar;
  readonly lostMembership: LostMembership;
  readonly rights: Rights;
}

/** What they are made from. */
export interface RedisPartsOptions extends BrokerContext {
  readonly target: RedisTarget;
  readonly options: CheckedRedisBrokerOptions;
  /** The broker's id, now. */
  readonly id: () => string;
  /** The cluster has given a broker up. */
  readonly onLost: (brokerId: string) => void;
  /** A job was taken that nobody can read. */
  readonly onUnreadable: () => void;
}

/** Nothing is connected yet. */
export function redisParts(from: RedisPartsOptions): RedisParts {
  const { namespace, runtime, options, id, onLost, onUnreadable } = from;
  const keys = new RedisKeys(namespace);
  const { connection, subscriber } = connections(from, keys);
  const wakeUps = new WakeUps({ runtime, id });
  connection.onReady(() => {
    wakeUps.wake(undefined, true);
  });
  const reader = new JobReader(new QuarantineLog(runtime, keys.fixed.quarantine), onUnreadable);
  const heartbeat = new HeartbeatThread({
    runtime,
    entry: HEARTBEAT_ENTRY,
    onLost,
    onReady: (server) => {
      oneServer.heartbeatReady(server);
    },
    onConnectionLost: () => {
      oneServer.heartbeatLost();
    },
    ...inThread(from),
  });
  warnOfConditions(connection, runtime.logger);
  const oneServer = new OneServer({
    connection,
    subscriber,
    tellHeartbeat: (notice) => {
      heartbeat.tell(notice);
    },
  });
  return {
    namespace,
    runtime,
    keys,
    connection,
    subscriber,
    wakeUps,
    reader,
    heartbeat,
    registrar: new Registrar({ connection, keys, runtime }),
    rights: new Rights(connection, keys),
    lostMembership: new LostMembership({ connection, key: keys.dataId, newId: runtime.newId }),
    producer: new Producer({
      connection,
      keys,
      runtime,
      ownJobs: new OwnJobs({ keys, id, wakeUps, reader, heartbeat }),
      timeoutMs: options.enqueueTimeout,
    }),
  };
}

function connections(
  { target, runtime, options }: RedisPartsOptions,
  keys: RedisKeys,
): Pick<RedisParts, "connection" | "subscriber"> {
  const connect = {
    target,
    quarantine: keys.fixed.quarantine,
    runtime,
    callTimeoutMs: options.callTimeout,
  };
  return {
    connection: new RedisConnection({ ...connect, purpose: "commands" }),
    subscriber: new RedisConnection({
      ...connect,
      purpose: "notifications",
      pingEveryMs: PING_EVERY_MS,
    }),
  };
}

/** What the thread starts with, and what it may ask for. */
function inThread({ target, namespace, options }: RedisPartsOptions): {
  readonly data: Omit<RedisHeartbeatData, "counts">;
  readonly questions: readonly Question[];
} {
  const { target: withoutFunctions, questions } = threadTarget(target);
  const data = {
    target: withoutFunctions,
    namespace,
    hostName: hostname(),
    leaseMs: options.lease,
    callTimeoutMs: options.callTimeout,
    blockedAfterMs: options.blockedAfter,
    stuckAfterMs: options.stuckAfter,
    isMainThread,
  };
  return { data, questions };
}
