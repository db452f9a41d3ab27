import { Worker } from "node:worker_threads";

import { BrokerError } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import { atMost } from "../../platform/at-most.ts";
import type { Runtime, Timer } from "../../platform/runtime.ts";
import {
  COUNTS,
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
  #worker: Worker | undefined;
  #timer: Timer | undefined;
  /** To what the thread was asked, oldest first: it answers in this order. */
  #answers: Array<PromiseWithResolvers<void>> = [];
  /** When the last sign of life was shown, on the monotonic clock. */
  #aliveAtMs = 0;
  /** How long the loop had not turned before that, in ms. */
  #gapMs = 0;
  /** Who joined last. */
  #brokerId = "";

  constructor(parts: HeartbeatThreadParts) {
    this.#parts = parts;
  }

  /** Joins the cluster as a broker. Rejects with BrokerError. */
  async join(brokerId: string): Promise<void> {
    this.#brokerId = brokerId;
    await this.#ask(this.#worker ?? this.#start(), { type: "join", brokerId });
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
    this.#worker?.postMessage(notice);
  }

  /** Leaves the cluster, if it answers within `timeoutMs`, and ends the thread. */
  async stop(timeoutMs: number): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    // From here on its end is no loss.
    this.#worker = undefined;
    this.#timer?.cancel();
    await atMost(this.#parts.runtime.timers, timeoutMs, this.#ask(worker, { type: "leave" }));
    await worker.terminate();
  }

  #start(): Worker {
    const { entry, data } = this.#parts;
    const answers: Array<PromiseWithResolvers<void>> = [];
    this.#answers = answers;
    const workerData: HeartbeatThreadData = { ...data, counts: this.#counts.buffer };
    const worker = new Worker(entry, { workerData, name: "spinach-heartbeat" });
    this.#worker = worker;
    worker.unref();
    worker.on("message", (message: HeartbeatMessage) => {
      this.#received(message, answers);
    });
    worker.on("error", (err: unknown) => {
      this.#parts.runtime.logger.error({ err }, "the heartbeat thread failed");
    });
    worker.once("exit", () => {
      this.#exited(worker, answers);
    });
    this.#aliveAtMs = this.#parts.runtime.clock.monotonic();
    this.#showLife();
    return worker;
  }

  /** Without it nobody would keep the jobs of this process: it starts again, as lost. */
  #exited(worker: Worker, answers: ReadonlyArray<PromiseWithResolvers<void>>): void {
    for (const { reject } of answers) reject(new BrokerError("the heartbeat thread has ended"));
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#timer?.cancel();
    this.#parts.onLost(this.#brokerId);
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

  async #ask(worker: Worker, request: HeartbeatRequest): Promise<void> {
    const answer = Promise.withResolvers<void>();
    this.#answers.push(answer);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
    worker.postMessage(request);
    await answer.promise;
  }

  #received(message: HeartbeatMessage, answers: Array<PromiseWithResolvers<void>>): void {
    const { onLost, onReady, onConnectionLost } = this.#parts;
    switch (message.type) {
      case "done":
        answers.shift()?.resolve();
        break;
      case "refused":
        answers.shift()?.reject(new BrokerError(message.message));
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
          { broker: brokerId, reenqueued, failed },
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
