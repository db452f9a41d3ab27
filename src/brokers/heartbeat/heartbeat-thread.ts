import { Worker } from "node:worker_threads";

import { BrokerError } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import { atMost } from "../../platform/at-most.ts";
import { ownThread } from "../../platform/own-threads.ts";
import type { Runtime, Timer } from "../../platform/runtime.ts";
import { cannotStart } from "./cannot-start.ts";
import {
  COUNTS,
  type HeartbeatAnswer,
  type HeartbeatMessage,
  type HeartbeatNews,
  type HeartbeatNotice,
  type HeartbeatQuestion,
  type HeartbeatRequest,
  type HeartbeatThreadData,
  type Question,
} from "./heartbeat-protocol.ts";

/** How often the process shows that its event loop turns, in ms, or oftener if that is looked for. */
const SIGN_OF_LIFE_MS = 1000;

/** Longest time that a stop waits to leave the cluster, in ms: Redis may be down. */
export const LEAVE_TIMEOUT_MS = 2000;

/** A thread that does not load is started again: what is short, such as memory, may not be a moment later. */
const MOST_STARTS = 3;

/** A thread, from its start to its end. */
interface Thread {
  readonly worker: Worker;
  /** To what it was asked, oldest first: it answers in this order. */
  readonly answers: Array<PromiseWithResolvers<void>>;
  /** Rejects if it ends before it has loaded. */
  readonly loaded: PromiseWithResolvers<void>;
  hasLoaded: boolean;
  /** What it died of, if it said so. */
  cause: unknown;
}

/** What a heartbeat thread is made of. */
export interface HeartbeatThreadParts {
  readonly runtime: Runtime;
  /** The module that the thread runs: see `serveHeartbeat`. */
  readonly entry: URL;
  readonly data: Omit<HeartbeatThreadData, "counts">;
  /** The cluster has given a broker up; `join` again, under another id. */
  readonly onLost: (brokerId: string) => void;
  /** The thread has made its connection, to this server, if that is known. */
  readonly onReady?: (server: string | undefined) => void;
  /** The thread has lost its connection. */
  readonly onConnectionLost?: () => void;
  /** What the thread may ask for, by number. */
  readonly questions?: readonly Question[];
}

/** The process's side of its heartbeat, which beats in a thread of its own. */
export class HeartbeatThread {
  readonly #parts: HeartbeatThreadParts;
  readonly #counts = new Int32Array(
    new SharedArrayBuffer(Object.keys(COUNTS).length * Int32Array.BYTES_PER_ELEMENT),
  );
  #thread: Thread | undefined;
  #stops = 0;
  #timer: Timer | undefined;
  /** When the last sign of life was shown, on the monotonic clock. */
  #aliveAtMs = 0;
  /** How long the loop had not turned before that, in ms. */
  #gapMs = 0;
  /** Who joined last. */
  #brokerId = "";

  constructor(parts: HeartbeatThreadParts) {
    this.#parts = parts;
  }

  /** Resolves when there is a thread that has loaded. Rejects with BrokerError if none can be had. */
  async ready(): Promise<Thread> {
    const stops = this.#stops;
    for (let attempt = 1; ; attempt += 1) {
      const thread = this.#thread ?? this.#start();
      try {
        await thread.loaded.promise;
        return thread;
      } catch (error) {
        if (attempt === MOST_STARTS || stops !== this.#stops) throw error;
      }
    }
  }

  /** Joins the cluster as a broker. Rejects with BrokerError. */
  async join(brokerId: string): Promise<void> {
    this.#brokerId = brokerId;
    // At once, where it can be: a stop that comes next must be asked for after it.
    const thread = this.#thread?.hasLoaded === true ? this.#thread : await this.ready();
    if (thread !== this.#thread) throw new BrokerError("the heartbeat was stopped while it joined");
    await this.#ask(thread, { type: "join", brokerId });
  }

  /** Jobs were taken, or may have been: beats must come often until none is held. */
  took(): void {
    Atomics.add(this.#counts, COUNTS.timesTaken, 1);
  }

  /**
   * A call is about to be made that may take jobs. Until `endTaking` says what came of it, beats must come often: they
   * may be held long before the event loop turns again, and reads the reply.
   */
  startTaking(): void {
    Atomics.add(this.#counts, COUNTS.takingCalls, 1);
  }

  /** Once for each `startTaking`. */
  endTaking(mayHoldJobs: boolean): void {
    if (mayHoldJobs) this.took();
    Atomics.sub(this.#counts, COUNTS.takingCalls, 1);
  }

  /** Tells the thread, if there is one. */
  tell(notice: HeartbeatNotice): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
    this.#thread?.worker.postMessage(notice);
  }

  /** Leaves the cluster, if it answers within `timeoutMs`, and ends the thread. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stops += 1;
    const thread = this.#thread;
    if (thread === undefined) return;
    // From here on its end is no loss.
    this.#thread = undefined;
    this.#timer?.cancel();
    const { timers } = this.#parts.runtime;
    if (thread.hasLoaded) await atMost(timers, timeoutMs, this.#ask(thread, { type: "leave" }));
    await thread.worker.terminate();
  }

  /** @throws BrokerError if there can be no thread */
  #start(): Thread {
    const worker = this.#newWorker();
    const loaded = Promise.withResolvers<void>();
    const thread: Thread = { worker, answers: [], loaded, hasLoaded: false, cause: undefined };
    this.#thread = thread;
    worker.on("message", (message: HeartbeatMessage) => {
      this.#received(message, thread);
    });
    worker.on("error", (err: unknown) => {
      thread.cause ??= err;
      if (thread.hasLoaded)
        this.#parts.runtime.logger.error({ err }, "the heartbeat thread failed");
    });
    worker.once("exit", () => {
      this.#exited(thread);
    });
    this.#aliveAtMs = this.#parts.runtime.clock.monotonic();
    this.#showLife();
    return thread;
  }

  #newWorker(): Worker {
    const { entry, data } = this.#parts;
    const workerData: HeartbeatThreadData = { ...data, counts: this.#counts.buffer };
    try {
      return new Worker(entry, { ...ownThread(), workerData, name: "spinach-heartbeat" });
    } catch (error) {
      throw cannotStart(entry, error);
    }
  }

  /** Without it nobody would keep the jobs of this process: it starts again, as lost. */
  #exited(thread: Thread): void {
    const { entry, onLost } = this.#parts;
    const error = new BrokerError("the heartbeat thread has ended", { cause: thread.cause });
    thread.loaded.reject(cannotStart(entry, thread.cause));
    for (const { reject } of thread.answers) reject(error);
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#timer?.cancel();
    if (thread.hasLoaded) onLost(this.#brokerId);
  }

  #showLife(): void {
    const { runtime, data } = this.#parts;
    Atomics.add(this.#counts, COUNTS.signsOfLife, 1);
    const nowMs = runtime.clock.monotonic();
    this.#gapMs = nowMs - this.#aliveAtMs;
    this.#aliveAtMs = nowMs;
    const everyMs = Math.min(SIGN_OF_LIFE_MS, data.blockedAfterMs / 4, data.stuckAfterMs / 4);
    this.#timer = runtime.timers.set(() => {
      this.#showLife();
    }, everyMs);
  }

  async #ask({ worker, answers }: Thread, request: HeartbeatRequest): Promise<void> {
    const answer = Promise.withResolvers<void>();
    answers.push(answer);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
    worker.postMessage(request);
    await answer.promise;
  }

  #received(message: HeartbeatMessage, thread: Thread): void {
    const { onLost, onReady, onConnectionLost } = this.#parts;
    switch (message.type) {
      case "loaded":
        hasLoaded(thread);
        break;
      case "done":
      case "refused":
        answered(thread, message);
        break;
      case "lost":
        onLost(message.brokerId);
        break;
      case "connected":
        onReady?.(message.server);
        break;
      case "disconnected":
        onConnectionLost?.();
        break;
      case "ask":
        void this.#answer(message);
        break;
      case "news":
        this.#log(message.news);
        break;
    }
  }

  async #answer({ id, question, server }: HeartbeatQuestion): Promise<void> {
    try {
      this.tell({ type: "answer", id, value: await this.#parts.questions?.[question]?.(server) });
    } catch (error) {
      this.tell({ type: "noAnswer", id, message: messageOf(error) });
    }
  }

  #log(news: HeartbeatNews): void {
    const { runtime } = this.#parts;
    switch (news.type) {
      case "rescued": {
        const { brokerId, reply } = news;
        const { reenqueued } = reply;
        const log = reply.failed.length + reenqueued > 0 ? "warn" : "debug";
        const failed = reply.failed.map(({ id, taskName }) => ({
          job: printable(id),
          task: printable(taskName),
        }));
        runtime.logger[log](
          { broker: printable(brokerId), reenqueued, failed },
          "took over the jobs of a process that has died or fallen silent",
        );
        break;
      }
      case "blocked": {
        // The timer that shows life may have come before this message.
        const sinceMs = runtime.clock.monotonic() - this.#aliveAtMs;
        const blockedMs = Math.round(Math.max(sinceMs, this.#gapMs));
        const { stack } = news;
        const tasks = news.tasks.map(printable);
        runtime.logger.warn({ blockedMs, tasks, stack }, "a task blocked the event loop");
        break;
      }
      case "failed":
        runtime.logger.warn({ reason: news.message }, "a heartbeat failed");
        break;
      case "recovered":
        runtime.logger.warn({}, "heartbeats work again");
        break;
      case "warn":
      case "error":
        runtime.logger[news.type](news.fields, news.message);
        break;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function answered({ answers }: Thread, message: HeartbeatAnswer): void {
  const oldest = answers.shift();
  if (message.type === "done") oldest?.resolve();
  else oldest?.reject(new BrokerError(message.message));
}

/** Until then the process waits for it; from now on it keeps nothing alive. */
function hasLoaded(thread: Thread): void {
  thread.hasLoaded = true;
  thread.worker.unref();
  thread.loaded.resolve();
}
