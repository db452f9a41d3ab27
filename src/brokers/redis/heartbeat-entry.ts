/** The heartbeat thread: a blocked event loop of the process does not reach it. */
import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

import { decodeJob } from "../../core/job-codec.ts";
import { mainThreadStack } from "../../platform/blocked-stack.ts";
import { type Runtime, systemRuntime } from "../../platform/runtime.ts";
import { RedisConnection } from "./connection.ts";
import {
  type BlockedLoop,
  COUNTS,
  type HeartbeatMessage,
  type HeartbeatRequest,
  type HeartbeatThreadData,
} from "./heartbeat-protocol.ts";
import { Heartbeat } from "./heartbeat.ts";
import { LoopWatch } from "./loop-watch.ts";
import { runningJobs } from "./lua-scripts.ts";
import { RedisKeys } from "./redis-keys.ts";
import { textArray } from "./replies.ts";

/** How long the main thread may stay in native code before its stack is given up, in ms. */
const STACK_TIMEOUT_MS = 2000;

/** A file descriptor: streams of a thread go through the main thread, which is stuck. */
const STDERR = 2;

/** Nothing is logged here: what happens is told to the process, which has the user's logger. */
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

interface ThreadParts {
  readonly data: HeartbeatThreadData;
  readonly runtime: Runtime;
  readonly keys: RedisKeys;
  readonly connection: RedisConnection;
}

function post(message: HeartbeatMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
  parentPort?.postMessage(message);
}

function run(data: HeartbeatThreadData): void {
  const runtime = { ...systemRuntime(), logger: SILENT };
  const keys = new RedisKeys(data.namespace);
  const connection = new RedisConnection({
    purpose: "heartbeat",
    target: data.target,
    quarantine: keys.fixed.quarantine,
    runtime,
    // A beat that hangs must leave time for others within the lease.
    callTimeoutMs: Math.min(data.callTimeoutMs, data.leaseMs / 4),
    // After an outage, whoever is back first waits a lease for the others to show themselves.
    maxPauseMs: Math.min(2000, data.leaseMs / 4),
  });
  const parts = { data, runtime, keys, connection };
  let brokerId = "";
  const watch = watchLoop(parts, () => brokerId);
  const heartbeat = makeHeartbeat(parts, watch);
  let isOpen = false;
  const answer = async (request: HeartbeatRequest): Promise<void> => {
    if (!isOpen) await connection.open();
    if (!isOpen) watch.start();
    isOpen = true;
    if (request.type === "leave") {
      await heartbeat.leave();
      return;
    }
    brokerId = request.brokerId;
    await heartbeat.join(brokerId);
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

function makeHeartbeat({ data, ...parts }: ThreadParts, watch: LoopWatch): Heartbeat {
  const counts = new Int32Array(data.counts);
  let isFailing = false;
  return new Heartbeat({
    ...parts,
    leaseMs: data.leaseMs,
    namespace: data.namespace,
    hostName: data.hostName,
    isProcessAlive: () => !watch.isStuck,
    timesTaken: () => Atomics.load(counts, COUNTS.timesTaken),
    listener: {
      lost: (brokerId) => {
        post({ type: "lost", brokerId });
      },
      rescued: (brokerId, reply) => {
        post({ type: "rescued", brokerId, reply });
      },
      failed: (error) => {
        if (!isFailing) post({ type: "failed", message: messageOf(error) });
        isFailing = true;
      },
      heard: () => {
        if (isFailing) post({ type: "recovered" });
        isFailing = false;
      },
      reconnected: () => {
        post({ type: "reconnected" });
      },
    },
  });
}

function watchLoop(parts: ThreadParts, brokerId: () => string): LoopWatch {
  const { data, runtime } = parts;
  const counts = new Int32Array(data.counts);
  return new LoopWatch({
    runtime,
    blockedAfterMs: data.blockedAfterMs,
    stuckAfterMs: data.stuckAfterMs,
    signsOfLife: () => Atomics.load(counts, COUNTS.signsOfLife),
    onBlocked: () => {
      void blockedLoop(parts, brokerId()).then((loop) => {
        post({ type: "blocked", ...loop });
      });
    },
    onStuck: () => {
      void blockedLoop(parts, brokerId()).then(({ tasks, stack }) => {
        const where = stack === undefined ? "" : `\n${stack}`;
        // The process cannot log it, and may never be able to again.
        writeSync(
          STDERR,
          `spinach: the event loop has been blocked for ${data.stuckAfterMs} ms by one of the tasks ` +
            `${tasks.join(", ")}: this process lets its jobs go${where}\n`,
        );
      });
    },
  });
}

async function blockedLoop(
  { data, runtime, keys, connection }: ThreadParts,
  brokerId: string,
): Promise<BlockedLoop> {
  const [stack, held] = await Promise.allSettled([
    data.isMainThread ? mainThreadStack(runtime.timers, STACK_TIMEOUT_MS) : undefined,
    connection.run(runningJobs({ ...keys.fixed, running: keys.running(brokerId) })),
  ]);
  const wires = held.status === "fulfilled" ? textArray(held.value) : [];
  const names = wires.filter((_, index) => index % 2 === 1).flatMap(taskNames);
  return {
    tasks: [...new Set(names)].toSorted(),
    stack: stack.status === "fulfilled" ? stack.value : undefined,
  };
}

function taskNames(wire: string): readonly string[] {
  try {
    return [decodeJob(wire).job.taskName];
  } catch {
    return [];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// oxlint-disable-next-line typescript/no-unsafe-argument -- what HeartbeatThread starts it with
run(workerData);
