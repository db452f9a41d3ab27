import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Guard } from "./guard.ts";
import { JOURNAL_VARIABLE, journalFile, monotonicMs } from "./journal.ts";
import { type ChildRequest, STORE_NOT_THERE } from "./programs/child.ts";

/** One life of a process, such as `worker1.3`. Times are monotonic ms. */
export interface Life {
  readonly process: string;
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
  /** Who ended it; `undefined` while it lives. */
  endedBy: "kill" | "stop" | "itself" | undefined;
  /** How long its stop took, in ms. */
  stopMs: number | undefined;
  /** Exit code; `undefined` if a signal ended it. */
  code: number | undefined;
}

/** What a child is. */
export interface ChildParts {
  readonly name: string;
  /** In programs/. */
  readonly program: string;
  readonly guard: Guard;
  readonly request: (life: number) => ChildRequest;
}

/** After so long, in ms, a process that was told to stop is taken for one that never ends. */
const STOP_BOUND_MS = 30_000;

/** Before another try to start, in ms. */
const RESTART_MS = 200;

/** A process of the run that dies and is started again: each time another life, with a journal of its own. */
export class Child {
  readonly name: string;
  readonly lives: Life[] = [];
  readonly #parts: ChildParts;
  #process: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #isEnding = false;

  constructor(parts: ChildParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  get life(): Life | undefined {
    return this.lives.at(-1);
  }

  get isRunning(): boolean {
    return this.life !== undefined && this.life.endedBy === undefined;
  }

  /** Starts it, again and again while the store is not there. Resolves when it is ready, or was ended. */
  async start(): Promise<void> {
    this.#isEnding = false;
    while (!this.#isEnding) {
      await this.#startOnce();
      if (this.isRunning || this.life?.code !== STORE_NOT_THERE) return;
      await sleep(RESTART_MS);
    }
  }

  async kill(): Promise<void> {
    await this.#end("kill", "SIGKILL");
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<void> {
    const askedAtMs = monotonicMs();
    const { life } = this;
    const bound = setTimeout(() => this.#process?.kill("SIGKILL"), STOP_BOUND_MS);
    await this.#end("stop", "SIGTERM");
    clearTimeout(bound);
    if (life !== undefined) life.stopMs = monotonicMs() - askedAtMs;
  }

  /** One life of a program that ends by itself. */
  async runOnce(): Promise<void> {
    await this.#startOnce();
    await this.ended();
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    const bound = setTimeout(() => this.#process?.kill("SIGKILL"), 2 * STOP_BOUND_MS);
    await this.#exited;
    clearTimeout(bound);
  }

  freeze(isFrozen: boolean): void {
    if (this.isRunning) this.#process?.kill(isFrozen ? "SIGSTOP" : "SIGCONT");
  }

  async #end(by: "kill" | "stop", signal: NodeJS.Signals): Promise<void> {
    this.#isEnding = true;
    const { life } = this;
    if (life === undefined || life.endedBy !== undefined) return;
    life.endedBy = by;
    // From here on it runs nothing, however long the system takes to bury it.
    if (by === "kill") life.endedAtMs = monotonicMs();
    this.#process?.kill(signal);
    await this.#exited;
  }

  async #startOnce(): Promise<void> {
    const { guard, program, request } = this.#parts;
    const number = this.lives.length + 1;
    const lifeName = `${this.name}.${number}`;
    const file = join(import.meta.dirname, "programs", `${program}.ts`);
    const args = ["--conditions=spinach-source", file, JSON.stringify(request(number))];
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, [JOURNAL_VARIABLE]: journalFile(guard.folder, lifeName) },
    });
    const { pid = 0 } = child;
    guard.started(pid);
    this.#process = child;
    const life: Life = {
      process: lifeName,
      startedAtMs: monotonicMs(),
      endedAtMs: undefined,
      endedBy: undefined,
      stopMs: undefined,
      code: undefined,
    };
    this.lives.push(life);
    child.stderr.pipe(createWriteStream(join(guard.folder, `${lifeName}.log`)));
    this.#exited = once(child, "exit").then(([code]) => {
      guard.ended(pid);
      life.endedAtMs ??= monotonicMs();
      life.endedBy ??= "itself";
      life.code = typeof code === "number" ? code : undefined;
    });
    const ready = Promise.withResolvers<void>();
    child.stdout.on("data", () => ready.resolve());
    await Promise.race([ready.promise, this.#exited]);
  }
}
