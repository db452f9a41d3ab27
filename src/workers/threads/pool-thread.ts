import { Worker, type ResourceLimits, type WorkerOptions } from "node:worker_threads";

import type { Job } from "../../core/job.ts";
import { applicationThread } from "../../platform/own-threads.ts";
import { decodeThrown } from "./crossing-error.ts";
import { ProgressReader } from "./progress.ts";
import type { FromReady, FromThread, ThreadData, ToThread } from "./protocol.ts";

/** What a thread is made of. */
export interface PoolThreadParts {
  readonly data: ThreadData;
  readonly name: string;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly onReady: (thread: PoolThread) => void;
  readonly onMessage: (thread: PoolThread, message: FromReady) => void;
  /** Called once, when the thread has ended; it has said all it will by then. */
  readonly onEnded: (thread: PoolThread) => void;
}

/**
 * The pool's side of one thread, from its start to its end.
 *
 * ```
 *   starting --"ready"--> ready --go()--> working --its loop ends, or it dies--> ended
 *      |                    |                |                                     ^
 *      +--------------------+----------------+--kill()--> ending, for ever in -----+
 *                                                         native code
 * ```
 */
export class PoolThread {
  readonly progress: ProgressReader;
  /** Of Node; the worker itself forgets it when it ends. `undefined` if there never was one. */
  readonly threadId: number | undefined;
  readonly ended: Promise<void>;
  state: "starting" | "ready" | "working" | "ending" | "ended" = "starting";
  /** Jobs that were given up while they ran on it. */
  readonly givenUp: Job[] = [];
  /** Whether it ended a job, or ended because of one. */
  isOfUse = false;
  exitCode = 0;
  /** What it died of, if it said so. */
  cause: unknown;
  /** URL of the module that it is importing. */
  loading: string | undefined;
  readonly #worker: Worker | undefined;
  readonly #parts: PoolThreadParts;
  readonly #ended = Promise.withResolvers<void>();

  constructor(parts: PoolThreadParts) {
    const { data, name, resourceLimits } = parts;
    this.#parts = parts;
    this.ended = this.#ended.promise;
    this.progress = new ProgressReader(data.progress);
    this.#worker = this.#start({
      ...applicationThread(),
      workerData: data,
      name,
      ...(resourceLimits && { resourceLimits }),
    });
    this.threadId = this.#worker?.threadId;
  }

  #start(options: WorkerOptions): Worker | undefined {
    // Node runs our source, and what tsc makes of it, from the file of the same name.
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    let worker: Worker;
    try {
      worker = new Worker(new URL(`./thread-entry.${extension}`, import.meta.url), options);
    } catch (error) {
      // The system has no thread or no memory left. It may have later: this one has ended, like one that died.
      this.cause = error;
      queueMicrotask(() => {
        this.#exited(1);
      });
      return undefined;
    }
    worker.on("message", (message: FromThread) => {
      this.#received(message);
    });
    worker.on("error", (error: unknown) => {
      this.cause ??= error;
    });
    worker.once("exit", (exitCode) => {
      this.#exited(exitCode);
    });
    return worker;
  }

  /** Jobs at once. */
  get slots(): number {
    return this.#parts.data.slots;
  }

  /** In its pool. */
  get number(): number {
    return this.#parts.data.scheduling.thread;
  }

  /** Lets it take jobs, once it is ready. */
  go(): void {
    if (this.state !== "ready") return;
    this.state = "working";
    this.post({ type: "go" });
  }

  post(message: ToThread): void {
    this.#worker?.postMessage(message);
    // After the message: a thread that blocks looks for it when it sees this.
    this.progress.sentMail();
  }

  /** Ends it, whatever it does. It resolves at its end: soon, unless it is inside native code. */
  async kill(): Promise<void> {
    if (this.state !== "ended") this.state = "ending";
    this.progress.stop();
    await this.#worker?.terminate();
  }

  /** It was killed, and may never end: nothing of it is waited for from now on. */
  leave(): void {
    this.cause ??= new Error("it was terminated and does not end: it is in native code");
    this.exitCode = 1;
    this.#worker?.unref();
  }

  #received(message: FromThread): void {
    if (message.type === "ready") {
      if (this.state !== "starting") return;
      this.state = "ready";
      this.#parts.onReady(this);
    } else if (message.type === "loading") this.loading = message.module;
    else if (message.type === "refused") this.cause = decodeThrown(message.error);
    else this.#parts.onMessage(this, message);
  }

  #exited(exitCode: number): void {
    this.state = "ended";
    this.exitCode = exitCode;
    this.#parts.onEnded(this);
    this.#ended.resolve();
  }
}
