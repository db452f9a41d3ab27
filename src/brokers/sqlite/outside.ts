import { isMainThread } from "node:worker_threads";

import type { Timer } from "../../platform/runtime.ts";
import type { BrokerContext } from "../broker.ts";
import { HeartbeatThread } from "../heartbeat/heartbeat-thread.ts";
import type { SqliteHeartbeatData } from "./heartbeat-data.ts";
import type { OpenFile } from "./open-file.ts";
import type { CheckedSqliteBrokerOptions } from "./sqlite-broker-options.ts";
import { notStarted } from "./transactions.ts";

/** How often the file is looked at, should a ring of the bell have been lost, in ms. */
const LOOK_EVERY_MS = 1000;

/** The same where the system cannot watch files: half of it is the median time to wake up. */
const LOOK_OFTEN_EVERY_MS = 20;

/** Most time to leave the cluster in, in ms: a stop ends even if the thread does not answer. */
const LEAVE_TIMEOUT_MS = 2000;

/** Node runs our source, and what tsc makes of it, from the file of the same name. */
const HEARTBEAT_ENTRY = new URL(
  `./heartbeat-entry.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** What the ties to other processes are made of. */
export interface OutsideParts extends BrokerContext {
  readonly path: string;
  readonly options: CheckedSqliteBrokerOptions;
  readonly file: OpenFile;
  /** The cluster has given a broker up. */
  readonly onLost: (brokerId: string) => void;
}

/** The ties of a broker to the other processes on its file: it hears of their commits, and shows that it lives. */
export class Outside {
  readonly #parts: OutsideParts;
  readonly #heartbeat: HeartbeatThread;
  #timer: Timer | undefined;
  #isListening = false;
  #isDeaf = false;
  #hasStopped = false;

  constructor(parts: OutsideParts) {
    this.#parts = parts;
    const { runtime, onLost, path, namespace, options } = parts;
    const data: Omit<SqliteHeartbeatData, "counts"> = {
      path,
      namespace,
      options,
      blockedAfterMs: options.blockedAfter,
      stuckAfterMs: options.stuckAfter,
      isMainThread,
    };
    this.#heartbeat = new HeartbeatThread({
      runtime,
      entry: HEARTBEAT_ENTRY,
      data,
      onLost,
    });
  }

  /** Rejects with BrokerError if there can be no heartbeat thread. */
  async ready(): Promise<void> {
    await this.#heartbeat.ready();
  }

  /** Shows from now on that a broker lives, until `stop`; not to be called after it. Rejects with BrokerError. */
  async join(brokerId: string): Promise<void> {
    await this.#heartbeat.join(brokerId);
    if (this.#hasStopped) throw notStarted(this.#parts.path);
    if (this.#isListening) return;
    this.#isListening = true;
    // Whoever joins looks for jobs after this: what was committed before is found then.
    this.#parts.file.bell.listen(this.#look, this.#deafened);
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#hasStopped = true;
    this.#isListening = false;
    this.#timer?.cancel();
    await this.#heartbeat.stop(LEAVE_TIMEOUT_MS);
  }

  #lookLater(): void {
    const everyMs = this.#isDeaf ? LOOK_OFTEN_EVERY_MS : LOOK_EVERY_MS;
    this.#timer = this.#parts.runtime.timers.set(() => {
      this.#look();
      this.#lookLater();
    }, everyMs);
  }

  /** Own commits do not count: those who listen here know of them. */
  readonly #look = (): void => {
    const { file } = this.#parts;
    if (this.#isListening && file.hasChanged()) file.wakeUps.wake(undefined);
  };

  readonly #deafened = (err: unknown): void => {
    // Without a bell it was told that all comes later, and nobody rings.
    if (this.#isDeaf || !this.#parts.file.bell.isOpen) return;
    this.#isDeaf = true;
    this.#parts.runtime.logger.warn(
      { err, path: this.#parts.path },
      `the system cannot watch files: looking for jobs every ${LOOK_OFTEN_EVERY_MS} ms instead`,
    );
    if (!this.#isListening) return;
    this.#timer?.cancel();
    this.#lookLater();
  };
}
