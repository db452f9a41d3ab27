/** The heartbeat thread: a blocked event loop of the process does not reach it. */
import { parentPort, workerData } from "node:worker_threads";

import { systemRuntime } from "../../platform/runtime.ts";
import { RedisConnection } from "./connection.ts";
import {
  COUNTS,
  type HeartbeatMessage,
  type HeartbeatRequest,
  type HeartbeatThreadData,
} from "./heartbeat-protocol.ts";
import { Heartbeat } from "./heartbeat.ts";
import { RedisKeys } from "./redis-keys.ts";

/** Nothing is logged here: what happens is told to the process, which has the user's logger. */
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function post(message: HeartbeatMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
  parentPort?.postMessage(message);
}

function run(data: HeartbeatThreadData): void {
  const runtime = { ...systemRuntime(), logger: SILENT };
  const keys = new RedisKeys(data.namespace);
  const counts = new Int32Array(data.counts);
  const connection = new RedisConnection({
    purpose: "heartbeat",
    target: data.target,
    quarantine: keys.fixed.quarantine,
    runtime,
    // A beat that hangs must leave time for others within the lease.
    callTimeoutMs: Math.min(data.callTimeoutMs, data.leaseMs / 4),
  });
  const heartbeat = new Heartbeat({
    connection,
    keys,
    runtime,
    leaseMs: data.leaseMs,
    namespace: data.namespace,
    hostName: data.hostName,
    isProcessAlive: signsOfLife(data, () => runtime.clock.monotonic()),
    timesTaken: () => Atomics.load(counts, COUNTS.timesTaken),
    listener: {
      lost: (brokerId) => {
        post({ type: "lost", brokerId });
      },
      rescued: (brokerId, reply) => {
        post({ type: "rescued", brokerId, reply });
      },
      failed: (error) => {
        post({ type: "failed", message: messageOf(error) });
      },
    },
  });
  let isOpen = false;
  const answer = async (request: HeartbeatRequest): Promise<void> => {
    if (!isOpen) await connection.open();
    isOpen = true;
    if (request.type === "join") await heartbeat.join(request.brokerId);
    else await heartbeat.leave();
  };
  parentPort?.on("message", (request: HeartbeatRequest) => {
    answer(request).then(
      () => {
        post({ type: "done" });
      },
      (error: unknown) => {
        post({ type: "refused", message: messageOf(error) });
      },
    );
  });
}

/** Whether the process's count has changed within the time that it may be stuck. */
function signsOfLife(
  { counts, stuckAfterMs }: HeartbeatThreadData,
  now: () => number,
): () => boolean {
  const count = (): number => Atomics.load(new Int32Array(counts), COUNTS.signsOfLife);
  let last = count();
  let changedAtMs = now();
  return () => {
    const current = count();
    if (current !== last) {
      last = current;
      changedAtMs = now();
    }
    return now() - changedAtMs <= stuckAfterMs;
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// oxlint-disable-next-line typescript/no-unsafe-argument -- what HeartbeatThread starts it with
run(workerData);
