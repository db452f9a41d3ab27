import { threadId } from "node:worker_threads";

import { MAX_COUNT } from "../core/constants.ts";
import {
  BlockingNotAllowedError,
  ItemNotTakenError,
  QueueClosedError,
  QueueTimeoutError,
  QueueValueTooLargeError,
} from "../core/errors.ts";
import {
  ANY_DURATION,
  checkDuration,
  checkInteger,
  checkOptions,
  describe,
} from "../core/option-checks.ts";
import { KeepAlive } from "../platform/keep-alive.ts";
import { LoopTurn } from "../platform/loop-turn.ts";
import { systemClock, systemTimers } from "../platform/runtime.ts";
import { QueueyBell } from "./queuey-bell.ts";
import { QueueyEntries, type TakenEntry } from "./queuey-entries.ts";
import { makeHandle, openHandle, type QueueyHandle } from "./queuey-handle.ts";
import { createMemory, PAGE_BYTES, type QueueyMemory, WORD } from "./queuey-layout.ts";
import { type Attempt, QueueyLine } from "./queuey-line.ts";
import { QueueyLock } from "./queuey-lock.ts";
import {
  type AsyncOptions,
  type QueueyOptions,
  readOptions,
  type SyncOptions,
} from "./queuey-options.ts";
import { type Encoded, encodeValue } from "./queuey-payload.ts";

/** How long even a call that must not wait waits for a thread inside the queue, in ms. */
const LOCK_PATIENCE_MS = 10;

/** An item that was taken, to be told done by its ticket. */
export interface TakenItem<Value> {
  readonly value: Value;
  /** Its number in the order of puts, from 0 to 2^32 - 1, and around. */
  readonly ticket: number;
}

/**
 * A bounded queue that blocking code and async code share, across the threads of a process. Any number of
 * threads may put and get, each through a Queuey of its own on the same {@link Queuey.handle}.
 *
 * - Order is first in, first out, by the moment of the put. Puts of one thread keep their order, as long as
 *   it does not call `putSync` while a `putAsync` of its own still waits.
 * - Every item is taken once. It holds its place until `taskDone`, so a queue is full of unfinished work.
 * - Values are JSON data, or a `Uint8Array` (a Buffer arrives as a Uint8Array); they are copied in at the
 *   call, and out.
 * - A call that need not wait resolves without a turn of the event loop; in a loop of such calls the event loop
 *   turns every 5 ms all the same, for timers and sockets.
 * - While a `putAsync` or `getAsync` waits, its thread stays alive. An idle queue keeps nothing alive.
 * - A thread may end at any instant. Whoever learns of it calls {@link Queuey.abandon}.
 *
 * @example
 * const queue = new Queuey<string>({ maxSize: 100 });
 * const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: queue.handle });
 * await queue.putAsync("hello");
 *
 * // worker.js
 * const queue = Queuey.attach(workerData);
 * console.log(queue.getSync());
 * queue.taskDone();
 */
export class Queuey<Value = unknown> {
  readonly #memory: QueueyMemory;
  readonly #entries: QueueyEntries;
  readonly #lock: QueueyLock;
  readonly #items: QueueyBell;
  readonly #space: QueueyBell;
  readonly #getters: QueueyLine<TakenItem<Value>>;
  readonly #putters: QueueyLine<void>;
  /** This thread, in the words of the shared memory. */
  readonly #owner = threadId + 1;
  /** What was taken through this object and is not done, oldest first, by ticket. */
  readonly #taken = new Map<number, TakenEntry>();
  readonly #turn = new LoopTurn({ clock: systemClock, timers: systemTimers });
  #mayBlock = false;

  /**
   * Makes a new queue.
   * @throws TypeError or RangeError if an option is not what it must be, or memory is lacking
   */
  constructor(options: QueueyOptions);
  /** @internal */
  // oxlint-disable-next-line typescript/unified-signatures -- this one is not public
  constructor(options: { readonly memory: QueueyMemory });
  constructor(options: QueueyOptions | { readonly memory: QueueyMemory }) {
    const isOpened = typeof options === "object" && options !== null && "memory" in options;
    this.#memory = isOpened ? options.memory : createMemory(readOptions(options));
    const { control } = this.#memory;
    this.#entries = new QueueyEntries(this.#memory);
    // Nobody else has it yet.
    if (!isOpened) this.#entries.rebuild();
    this.#lock = new QueueyLock(control, this.#owner, systemClock);
    const lock = this.#lock;
    const items = new QueueyBell(control, { sync: WORD.ITEMS_SYNC, async: WORD.ITEMS_ASYNC });
    const space = new QueueyBell(control, { sync: WORD.SPACE_SYNC, async: WORD.SPACE_ASYNC });
    this.#items = items;
    this.#space = space;
    this.#getters = new QueueyLine({ bell: items, lock, passOn: () => this.#pass("get") });
    this.#putters = new QueueyLine({ bell: space, lock, passOn: () => this.#pass("put") });
  }

  /**
   * Joins the queue that a handle leads to, from any thread.
   * @throws TypeError if it is no handle, one of another version, or one whose buffers are not whole
   */
  static attach<Value = unknown>(handle: QueueyHandle): Queuey<Value> {
    return new Queuey<Value>({ memory: openHandle(handle) });
  }

  /** What other threads {@link Queuey.attach} to. */
  get handle(): QueueyHandle {
    return makeHandle(this.#memory);
  }

  /** Most items that are put and not yet done. */
  get maxSize(): number {
    return this.#memory.maxSize;
  }

  /** Items that wait to be taken. Like all such numbers it may be another one when you read it. */
  get size(): number {
    return this.#entries.readyCount;
  }

  /** How many more items can be put until one is done. Items that are taken and not done count. */
  get availableSlots(): number {
    return this.#entries.freeCount;
  }

  /** Whether no item waits to be taken. */
  get empty(): boolean {
    return this.size === 0;
  }

  /** Whether there are `maxSize` items that wait, or are taken and not done. */
  get full(): boolean {
    return this.availableSlots === 0;
  }

  /** Whether it was closed, in this thread or another. */
  get closed(): boolean {
    return Atomics.load(this.#memory.control, WORD.CLOSED) !== 0;
  }

  /**
   * Puts a value at the end; blocks this thread while the queue is full.
   * @throws QueueTimeoutError if it is still full after the timeout
   * @throws QueueClosedError if the queue is closed, also while it waits
   * @throws InvalidQueueValueError if the value is neither JSON nor bytes
   * @throws QueueValueTooLargeError if the value can never fit
   * @throws BlockingNotAllowedError where threads must not be blocked
   */
  putSync(value: Value, options: SyncOptions = {}): void {
    const timeoutMs = readTimeout("putSync", options);
    const encoded = this.#encode(value);
    this.#waitSync("put", timeoutMs, () => this.#put(encoded));
    this.#items.ring(1);
  }

  /**
   * Puts a value at the end; waits while the queue is full, or while other calls of this thread wait before
   * it. Resolves when it is in.
   *
   * Rejects as {@link putSync} throws, but for times and blocking, and with the signal's reason.
   */
  async putAsync(value: Value, options: AsyncOptions = {}): Promise<void> {
    const signal = readSignal("putAsync", options);
    // A call that waits must not see what its caller does with the bytes in the meantime.
    const encoded = this.#encode(value instanceof Uint8Array ? new Uint8Array(value) : value);
    const joined = this.#putters.join(() => {
      const attempt = this.#locked(() => this.#put(encoded));
      if (typeof attempt !== "string") this.#items.ring(1);
      return attempt;
    }, signal);
    await this.#turn.settled(joined);
  }

  /**
   * Puts values at the end, in one go, as far as there is room and {@link putAsync} would take them; none while
   * another thread is just inside the queue. Never blocks.
   * @returns how many are in, counted from the first
   * @internal
   */
  tryPutAll(values: readonly Value[]): number {
    const encoded = this.#encodeAll(values);
    if (this.closed || !this.#lock.tryAcquire()) return 0;
    let count = 0;
    try {
      while (count < encoded.length && this.#tryPut(encoded[count])) count += 1;
    } finally {
      this.#lock.release();
      if (count > 0) this.#items.ring(count);
    }
    return count;
  }

  /** {@link takeSync}, the value only. `taskDone()` without a ticket is for the oldest that was taken. */
  getSync(options: SyncOptions = {}): Value {
    return this.#takeSync("getSync", options).value;
  }

  /** {@link takeAsync}, the value only. `taskDone()` without a ticket is for the oldest that was taken. */
  async getAsync(options: AsyncOptions = {}): Promise<Value> {
    const { value } = await this.#takeAsync("getAsync", options);
    return value;
  }

  /**
   * Takes the oldest item; blocks this thread while there is none.
   * @throws QueueTimeoutError if there is still none after the timeout
   * @throws QueueClosedError if the queue is closed and all was taken, also while it waits
   * @throws BlockingNotAllowedError where threads must not be blocked
   */
  takeSync(options: SyncOptions = {}): TakenItem<Value> {
    return this.#takeSync("takeSync", options);
  }

  /**
   * Takes the oldest item; waits while there is none, or while other calls of this thread wait before it.
   *
   * Rejects with QueueClosedError if the queue is closed and all was taken, and with the signal's reason.
   * A call that was served has its item even if its signal aborts at the same moment.
   */
  async takeAsync(options: AsyncOptions = {}): Promise<TakenItem<Value>> {
    return this.#takeAsync("takeAsync", options);
  }

  /**
   * Takes the oldest item, if there is one and no other thread is just inside the queue. Never blocks.
   * @throws QueueClosedError if the queue is closed and all was taken
   * @internal
   */
  tryTake(): TakenItem<Value> | undefined {
    if (this.empty && !this.closed) return undefined;
    const attempt = this.#locked(() => this.#take());
    return typeof attempt === "string" ? undefined : this.#read(attempt.result);
  }

  /**
   * The work on an item is done: its place is free. Never blocks.
   * @param ticket - of the item; without it, the oldest that was taken through this object
   * @throws ItemNotTakenError if it was not taken through this object, is done already, or abandoned
   */
  taskDone(ticket?: number): void {
    const key = ticket ?? this.#taken.keys().next().value;
    const item = key === undefined ? undefined : this.#taken.get(key);
    if (key === undefined || item === undefined) throw new ItemNotTakenError(ticket);
    this.#taken.delete(key);
    if (!this.#entries.isTaken(item, this.#owner)) throw new ItemNotTakenError(key);
    if (this.#lock.tryAcquire()) {
      this.#entries.free(item.entry);
      this.#lock.release();
    } else {
      this.#entries.finish(item.entry);
    }
    this.#entries.forgetWantedPages();
    this.#space.ring(1);
  }

  /**
   * Closes the queue for all threads and wakes all who wait: nothing can be put any more, and what is in it
   * can still be taken. Items that are put while it closes are either in or refused. Never blocks; a second
   * call does nothing.
   */
  close(): void {
    // No lock: who puts looks at it under the lock. A getter that finds it closed and the queue empty
    // under the lock knows that every later put finds it closed too.
    Atomics.store(this.#memory.control, WORD.CLOSED, 1);
    this.#ringAll();
  }

  /**
   * To be called when a thread that used this queue has ended, by one that lives: gives back what the dead
   * thread held of the queue, so that nobody waits for it for ever. Use the worker's `exit` event, and note its
   * `threadId` before: afterwards it is -1. Calling it for a thread that lives breaks the queue.
   *
   * Resolves with what the thread had taken and not done, oldest first; their places are free. Put them
   * again, or settle them otherwise.
   * @param deadThreadId - `worker.threadId`
   *
   * Rejects with TypeError or RangeError if it is no id of another thread.
   */
  async abandon(deadThreadId: number): Promise<ReadonlyArray<TakenItem<Value>>> {
    checkInteger("Queuey.abandon: threadId", deadThreadId, { min: 0, max: MAX_COUNT });
    if (deadThreadId === threadId) {
      throw new RangeError("Queuey.abandon: threadId must be that of a thread that has ended");
    }
    const dead = deadThreadId + 1;
    const keepAlive = new KeepAlive();
    keepAlive.hold();
    // Not blocking: the lock may be with another dead thread, whose end this thread still has to learn.
    while (!this.#lock.takeOver(dead) && !this.#lock.tryAcquire()) await this.#lock.freed();
    keepAlive.release();
    try {
      this.#entries.rebuild();
      return this.#entries.takenBy(dead).map((item) => {
        const value = this.#decode(item);
        this.#entries.free(item.entry);
        return { value, ticket: item.ticket };
      });
    } finally {
      this.#lock.release();
      // The thread may have been woken for what it did not take, or have ended before it woke others.
      this.#ringAll();
    }
  }

  /** @param name - of the method that was called, for messages */
  #takeSync(name: string, options: SyncOptions): TakenItem<Value> {
    const timeoutMs = readTimeout(name, options);
    return this.#read(this.#waitSync("get", timeoutMs, () => this.#take()));
  }

  /** @param name - of the method that was called, for messages */
  async #takeAsync(name: string, options: AsyncOptions): Promise<TakenItem<Value>> {
    const signal = readSignal(name, options);
    const joined = this.#getters.join(() => {
      const attempt = this.#locked(() => this.#take());
      return typeof attempt === "string" ? attempt : { result: this.#read(attempt.result) };
    }, signal);
    return this.#turn.settled(joined);
  }

  #encode(value: unknown): Encoded {
    const { slotBytes, maxPages } = this.#memory;
    const encoded = encodeValue(value, slotBytes);
    const maxByteLength = Math.max(slotBytes, maxPages * PAGE_BYTES);
    if (encoded.byteLength <= maxByteLength) return encoded;
    throw new QueueValueTooLargeError(encoded.byteLength, maxByteLength);
  }

  /** Under the lock. */
  #tryPut(encoded: Encoded | undefined): boolean {
    return encoded !== undefined && this.#entries.put(encoded);
  }

  /** Without the lock, which others wait for. Ends before the first that cannot be put. */
  #encodeAll(values: readonly Value[]): readonly Encoded[] {
    const encoded: Encoded[] = [];
    try {
      for (const value of values) encoded.push(this.#encode(value));
    } catch {
      // The call that puts this one alone says why.
    }
    return encoded;
  }

  /** Under the lock. */
  #put(encoded: Encoded): Attempt<void> {
    if (this.closed) throw new QueueClosedError("put");
    if (this.#entries.put(encoded)) return { result: undefined };
    // It may have been woken for an entry that it cannot use, for want of pages, and others can. Only once
    // for each item that is done: two such putters would wake each other for ever.
    if (!this.full && this.#entries.wantPages()) this.#space.pass(Infinity);
    return "nothing";
  }

  /** Under the lock. */
  #take(): Attempt<TakenEntry> {
    const result = this.#entries.take(this.#owner);
    if (result !== undefined) return { result };
    if (this.closed) throw new QueueClosedError("get");
    return "nothing";
  }

  /** Without the lock: what is taken is this thread's alone. */
  #read(item: TakenEntry): TakenItem<Value> {
    this.#taken.set(item.ticket, item);
    return { value: this.#decode(item), ticket: item.ticket };
  }

  #decode({ entry }: TakenEntry): Value {
    const read = this.#entries.read(entry);
    const value: unknown = "bytes" in read ? read.bytes : JSON.parse(read.text);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it was put, by a Queuey<Value>
    return value as Value;
  }

  /** Attempts with the lock, without blocking. */
  #locked<Result>(attempt: () => Attempt<Result>): Attempt<Result> {
    return this.#lock.tryAcquire() ? this.#whileLocked(attempt) : "locked";
  }

  /** Attempts with the lock until there is a result, blocking in between. */
  #waitSync<Result>(
    operation: "put" | "get",
    timeoutMs: number,
    attempt: () => Attempt<Result>,
  ): Result {
    this.#checkMayBlock(operation);
    const deadlineMs = timeoutMs === Infinity ? Infinity : systemClock.monotonic() + timeoutMs;
    const bell = operation === "put" ? this.#space : this.#items;
    for (let isWoken = false; ; isWoken = true) {
      // Before the attempt: news that comes after it has another number.
      const seen = bell.readSync();
      const hasLock = this.#lock.acquireSync(deadlineMs + LOCK_PATIENCE_MS);
      const outcome = hasLock ? this.#whileLocked(attempt) : "locked";
      const leftMs = deadlineMs - (deadlineMs === Infinity ? 0 : systemClock.monotonic());
      const isOver = typeof outcome !== "string" || leftMs <= 0;
      // It leaves; if it was woken for more than it took, others must know.
      if (isOver && isWoken) this.#pass(operation);
      if (typeof outcome !== "string") return outcome.result;
      if (isOver) throw new QueueTimeoutError(operation, timeoutMs);
      bell.sleepSync(seen, leftMs);
    }
  }

  #whileLocked<Result>(attempt: () => Attempt<Result>): Attempt<Result> {
    try {
      return attempt();
    } finally {
      this.#lock.release();
    }
  }

  /** Where blocking is forbidden every call refuses, not only the one that would have to wait. */
  #checkMayBlock(operation: "put" | "get"): void {
    if (this.#mayBlock) return;
    try {
      // The magic word is never 0, so this returns at once.
      Atomics.wait(this.#memory.control, WORD.MAGIC, 0, 0);
    } catch (error) {
      throw new BlockingNotAllowedError(operation, { cause: error });
    }
    this.#mayBlock = true;
  }

  #pass(operation: "put" | "get"): void {
    if (operation === "get" && !this.empty) this.#items.pass(1);
    if (operation === "put" && !this.full) this.#space.pass(1);
  }

  #ringAll(): void {
    this.#items.ring(Infinity);
    this.#space.ring(Infinity);
  }
}

const SYNC_HINTS = Object.freeze({ signal: "who blocks hears no signal: give a timeout in ms" });
const ASYNC_HINTS = Object.freeze({ timeout: "pass { signal: AbortSignal.timeout(ms) } instead" });

function readTimeout(name: string, options: SyncOptions): number {
  checkOptions(`Queuey.${name}`, options, ["timeout"], SYNC_HINTS);
  const { timeout = Infinity } = options;
  return checkDuration(`Queuey.${name}: timeout`, timeout, ANY_DURATION);
}

function readSignal(name: string, options: AsyncOptions): AbortSignal | undefined {
  if (options instanceof AbortSignal) {
    throw new TypeError(
      `Queuey.${name}: expected options such as { signal }, got the signal itself`,
    );
  }
  checkOptions(`Queuey.${name}`, options, ["signal"], ASYNC_HINTS);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`Queuey.${name}: signal must be an AbortSignal, got ${describe(signal)}`);
  }
  return signal;
}
