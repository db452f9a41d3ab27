/** What runs in a heartbeat thread, whatever its store: a blocked event loop of the process does not reach it. */
import { writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";

import { printable } from "../../core/printable.ts";
import { mainThreadStack } from "../../platform/blocked-stack.ts";
import type { Logger } from "../../platform/logger.ts";
import { type Runtime, systemRuntime } from "../../platform/runtime.ts";
import {
  type BlockedLoop,
  COUNTS,
  type HeartbeatListener,
  type HeartbeatMessage,
  type HeartbeatNews,
  type HeartbeatNotice,
  type HeartbeatQuestion,
  type HeartbeatRequest,
  type HeartbeatThreadData,
} from "./heartbeat-protocol.ts";
import { LoopWatch } from "./loop-watch.ts";

/** How long the main thread may stay in native code before its stack is given up, in ms. */
const STACK_TIMEOUT_MS = 2000;

/** A file descriptor: streams of a thread go through the main thread, which is stuck. */
const STDERR = 2;

/** The process has the user's logger. It is told of failures and connections by the heartbeat, and of the rest here. */
const LOGGER: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields, message) => {
    tell({ type: "error", fields, message });
  },
};

/** A heartbeat: it keeps one broker in the cluster, and takes the jobs of dead ones over. */
export interface Beating {
  /** Rejects with BrokerError. */
  join(brokerId: string): Promise<void>;
  leave(): Promise<void>;
}

/** What a heartbeat is told of its process. */
export interface ProcessSigns {
  /** Whether the process still shows life; without it the lease runs out. */
  readonly isProcessAlive: () => boolean;
  /** How often the process has taken jobs: a change says that it may hold some. */
  readonly timesTaken: () => number;
  /** Whether a call is under way that may take jobs. */
  readonly isTaking: () => boolean;
}

/** The store's part of a heartbeat thread. */
export interface ServedHeartbeat {
  /** Reaches the store; called once before all else. */
  open(): Promise<void>;
  makeHeartbeat(signs: ProcessSigns, listener: HeartbeatListener): Beating;
  /** Told of the other connections of the process, and the answers to what was asked; a store without any has no such method. */
  noticed?(notice: HeartbeatNotice): void;
  /** Names of the tasks whose jobs a broker holds. */
  heldTasks(brokerId: string): Promise<readonly string[]>;
}

/** The runtime of a heartbeat thread. */
export function threadRuntime(): Runtime {
  return { ...systemRuntime(), logger: LOGGER };
}

/** Asks the process, which answers by a notice, once its event loop turns. */
export function askProcess(question: HeartbeatQuestion): void {
  post(question);
}

/** Does what the process asks of its heartbeat, until the thread is ended. */
export function serveHeartbeat(data: HeartbeatThreadData, served: ServedHeartbeat): void {
  let brokerId = "";
  const counts = new Int32Array(data.counts);
  const watch = watchLoop(data, () => blockedLoop(data, served, brokerId));
  const signs = {
    isProcessAlive: () => !watch.isStuck,
    timesTaken: () => Atomics.load(counts, COUNTS.timesTaken),
    isTaking: () => Atomics.load(counts, COUNTS.takingCalls) > 0,
  };
  const heartbeat = served.makeHeartbeat(signs, listener());
  let isOpen = false;
  const answer = async (request: HeartbeatRequest): Promise<void> => {
    if (request.type === "leave") {
      if (isOpen) await heartbeat.leave();
      return;
    }
    if (!isOpen) {
      await served.open();
      watch.start();
      isOpen = true;
    }
    ({ brokerId } = request);
    await heartbeat.join(brokerId);
  };
  let answered = Promise.resolve();
  parentPort?.on("message", (request: HeartbeatRequest | HeartbeatNotice) => {
    if (request.type !== "join" && request.type !== "leave") {
      served.noticed?.(request);
      return;
    }
    // One at a time: who leaves while it joins must not have joined after all.
    answered = answered
      .then(() => answer(request))
      .then(
        () => {
          post({ type: "done" });
        },
        (error: unknown) => {
          post({ type: "refused", message: messageOf(error) });
        },
      );
  });
  post({ type: "loaded" });
}

function listener(): HeartbeatListener {
  let isFailing = false;
  return {
    lost: (brokerId) => {
      post({ type: "lost", brokerId });
    },
    rescued: (brokerId, reply) => {
      tell({ type: "rescued", brokerId, reply });
    },
    failed: (error) => {
      if (!isFailing) tell({ type: "failed", message: messageOf(error) });
      isFailing = true;
    },
    heard: () => {
      if (isFailing) tell({ type: "recovered" });
      isFailing = false;
    },
    warned: (fields, message) => {
      tell({ type: "warn", fields, message });
    },
    connected: (server) => {
      post({ type: "connected", server });
    },
    disconnected: () => {
      post({ type: "disconnected" });
    },
  };
}

function watchLoop(data: HeartbeatThreadData, look: () => Promise<BlockedLoop>): LoopWatch {
  const counts = new Int32Array(data.counts);
  return new LoopWatch({
    runtime: threadRuntime(),
    blockedAfterMs: data.blockedAfterMs,
    stuckAfterMs: data.stuckAfterMs,
    signsOfLife: () => Atomics.load(counts, COUNTS.signsOfLife),
    onBlocked: () => {
      void look().then((loop) => {
        tell({ type: "blocked", ...loop });
      });
    },
    onStuck: () => {
      void look().then((loop) => {
        // The process cannot log it, and may never be able to again.
        writeSync(STDERR, stuckMessage(loop, data.stuckAfterMs));
      });
    },
  });
}

export function stuckMessage({ tasks, stack }: BlockedLoop, stuckAfterMs: number): string {
  const where = stack === undefined ? "" : `\n${stack}`;
  return (
    `spinach: the event loop has been blocked for ${stuckAfterMs} ms by one of the tasks ` +
    `${tasks.map(printable).join(", ")}: this process lets its jobs go${where}\n`
  );
}

async function blockedLoop(
  { isMainThread }: HeartbeatThreadData,
  served: ServedHeartbeat,
  brokerId: string,
): Promise<BlockedLoop> {
  const { timers } = threadRuntime();
  const [stack, held] = await Promise.allSettled([
    isMainThread ? mainThreadStack(timers, STACK_TIMEOUT_MS) : undefined,
    served.heldTasks(brokerId),
  ]);
  const names = held.status === "fulfilled" ? held.value : [];
  return {
    tasks: [...new Set(names)].toSorted(),
    stack: stack.status === "fulfilled" ? stack.value : undefined,
  };
}

function tell(news: HeartbeatNews): void {
  post({ type: "news", news });
}

function post(message: HeartbeatMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
  parentPort?.postMessage(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
