import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import type { WorkerCall, WorkerNews, WorkerOrder } from "./worker-process.ts";

/** Processes that work, as their orders say. */
export class WorkerPool {
  readonly #children: ReadonlyArray<ChildProcess>;
  readonly #ran: number[];
  /** When the first job of all started, in ms since 1970. */
  firstMs: number = Infinity;
  #listener: () => void = () => undefined;

  constructor(orders: readonly WorkerOrder[]) {
    const program = join(import.meta.dirname, "worker-process.ts");
    this.#children = orders.map((order) =>
      fork(program, [JSON.stringify(order)], { serialization: "advanced" }),
    );
    this.#ran = orders.map(() => 0);
    for (const [worker, child] of this.#children.entries()) {
      process.once("exit", () => child.kill("SIGKILL"));
      child.on("message", (news: WorkerNews) => this.#note(worker, news));
      child.on("exit", (code) => {
        if (code !== 0) throw new Error(`a worker process ended with code ${code}: see above`);
      });
    }
  }

  /** Resolves when all of them work, with the resident memory of each, in bytes. */
  async ready(): Promise<readonly number[]> {
    const all = await this.#all("ready");
    return all.map(({ rss }) => rss);
  }

  /** Resolves when so many jobs have run. */
  async ran(jobs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#listener = () => {
      if (this.#ran.reduce((sum, count) => sum + count) >= jobs) resolve();
    };
    this.#listener();
    await promise;
  }

  /** The resident memory of each now, in bytes. */
  async measure(): Promise<readonly number[]> {
    const told = this.#all("idle");
    this.#call("measure");
    return (await told).map(({ rss }) => rss);
  }

  /** Ends them, and tells which jobs ran and when. */
  async stop(): Promise<ReadonlyArray<Extract<WorkerNews, { kind: "ended" }>>> {
    const told = this.#all("ended");
    const gone = Promise.all(this.#children.map(async (child) => once(child, "exit")));
    this.#call("stop");
    const all = await told;
    await gone;
    return all;
  }

  #note(worker: number, news: WorkerNews): void {
    if (news.kind !== "ran") return;
    this.#ran[worker] = news.jobs;
    this.firstMs = Math.min(this.firstMs, news.firstMs);
    this.#listener();
  }

  async #all<Kind extends WorkerNews["kind"]>(
    kind: Kind,
  ): Promise<ReadonlyArray<Extract<WorkerNews, { kind: Kind }>>> {
    return Promise.all(
      this.#children.map(async (child) => {
        const { promise, resolve } = Promise.withResolvers<Extract<WorkerNews, { kind: Kind }>>();
        const listen = (news: WorkerNews): void => {
          if (news.kind !== kind) return;
          child.off("message", listen);
          resolve(news as Extract<WorkerNews, { kind: Kind }>);
        };
        child.on("message", listen);
        return promise;
      }),
    );
  }

  #call(call: WorkerCall): void {
    for (const child of this.#children) child.send(call);
  }
}
