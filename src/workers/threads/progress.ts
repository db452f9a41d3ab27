/**
 * What a thread tells of its jobs without a message: a ring in shared memory that the thread writes and the
 * pool reads. Whatever becomes of the thread, what it wrote is there.
 *
 * ```
 * words   Int32    0 written: entries so far   1 mail: messages sent to the thread   2 stop: 1 = take no more
 *                  16 + i: id of the job of entry i
 * values  Float64  i: when it succeeded, how long it ran, in ms; -1 when it started; -2 when a message tells its end
 * bell    Int32    0: 1 while the pool sleeps; one for all threads of a pool
 * ```
 *
 * Entry i is at i modulo the size. It holds the start and the end of as many jobs as a pool has out at a time,
 * so the writer never overtakes the reader.
 */

const WRITTEN = 0;
const MAIL = 1;
const STOP = 2;
/** A cache line: the header is read by others all the time. */
const ENTRIES = 16;

const STARTED = -1;
const TOLD = -2;

/** What `workerData` carries of it. */
export interface ProgressHandle {
  readonly words: SharedArrayBuffer;
  readonly values: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
}

/** @param jobs - most jobs that a pool has out at a time */
export function createProgress(jobs: number, bell: SharedArrayBuffer): ProgressHandle {
  const size = 2 ** Math.ceil(Math.log2(2 * jobs));
  return {
    words: new SharedArrayBuffer((ENTRIES + size) * Int32Array.BYTES_PER_ELEMENT),
    values: new SharedArrayBuffer(size * Float64Array.BYTES_PER_ELEMENT),
    bell,
  };
}

/** The thread's side. */
export class ProgressWriter {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #values: Float64Array<SharedArrayBuffer>;
  readonly #bell: Int32Array<SharedArrayBuffer>;
  #written = 0;
  #mailRead = 0;

  constructor({ words, values, bell }: ProgressHandle) {
    this.#words = new Int32Array(words);
    this.#values = new Float64Array(values);
    this.#bell = new Int32Array(bell);
  }

  /** A job's task is about to be called. The pool is not woken: the job may end at once. */
  started(id: number): void {
    this.#write(id, STARTED);
  }

  /** A job has succeeded, and there is nothing to say but that. */
  succeeded(id: number, durationMs: number): void {
    this.#write(id, Math.max(durationMs, 0));
    this.ring();
  }

  /** A message was sent that tells a job's end. The pool need not be woken for it: the message does. */
  told(id: number): void {
    this.#write(id, TOLD);
  }

  /** Wakes the pool, if it sleeps. */
  ring(): void {
    // The pool first says that it sleeps, then looks again. So either it sees the entry, or this sees its word.
    if (Atomics.load(this.#bell, 0) === 0) return;
    if (Atomics.exchange(this.#bell, 0, 0) === 1) Atomics.notify(this.#bell, 0);
  }

  /** Whether the pool wants this thread to take no more jobs. */
  get mustStop(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Whether messages were sent since it was asked last. */
  hasMail(): boolean {
    const mail = Atomics.load(this.#words, MAIL);
    const isNew = mail !== this.#mailRead;
    this.#mailRead = mail;
    return isNew;
  }

  #write(id: number, value: number): void {
    const index = this.#written & (this.#values.length - 1);
    this.#values[index] = value;
    this.#words[ENTRIES + index] = id;
    this.#written = wrap(this.#written + 1);
    // The commit: a store of Atomics comes after the plain writes above, for whoever loads it.
    Atomics.store(this.#words, WRITTEN, this.#written);
  }
}

/** What the pool hears. */
export interface ProgressListener {
  started(id: number): void;
  succeeded(id: number, durationMs: number): void;
  told(id: number): void;
}

/** The pool's side. */
export class ProgressReader {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #values: Float64Array<SharedArrayBuffer>;
  #read = 0;

  constructor({ words, values }: ProgressHandle) {
    this.#words = new Int32Array(words);
    this.#values = new Float64Array(values);
  }

  /** Tells all that the thread wrote since the last time, in order. Returns whether there was anything. */
  read(listener: ProgressListener): boolean {
    const written = Atomics.load(this.#words, WRITTEN);
    if (written === this.#read) return false;
    // The listener may read itself, past what was written here. The counts wrap around.
    while (wrap(written - this.#read) > 0) {
      const index = this.#read & (this.#values.length - 1);
      this.#read = wrap(this.#read + 1);
      const id = this.#words[ENTRIES + index] ?? 0;
      const value = this.#values[index] ?? 0;
      if (value === STARTED) listener.started(id);
      else if (value === TOLD) listener.told(id);
      else listener.succeeded(id, value);
    }
    return true;
  }

  /** To be called after a message was sent: a thread that blocks can look for it. */
  sentMail(): void {
    Atomics.add(this.#words, MAIL, 1);
  }

  /** The thread takes no job from now on; one that it is just taking, it may still start. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
  }
}

/** What a pool sleeps on while its threads have nothing to tell. */
export class ProgressBell {
  readonly #word: Int32Array<SharedArrayBuffer> = new Int32Array(
    new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
  );
  #isClosed = false;

  get buffer(): SharedArrayBuffer {
    return this.#word.buffer;
  }

  /**
   * Sleeps unless there is something to read. Does not keep the event loop alive.
   * @param read - reads all there is, and returns whether there was anything
   */
  async sleep(read: () => boolean): Promise<void> {
    Atomics.store(this.#word, 0, 1);
    // After the store: see ProgressWriter.
    if (this.#isClosed || read()) return;
    // Not timed: it is woken at the latest by close(), so it does not stay in memory.
    await Atomics.waitAsync(this.#word, 0, 1).value;
  }

  /** Wakes who sleeps, for good. */
  close(): void {
    this.#isClosed = true;
    Atomics.store(this.#word, 0, 0);
    Atomics.notify(this.#word, 0);
  }
}

/** Counts of entries wrap around as the words that hold them do. */
function wrap(count: number): number {
  // oxlint-disable-next-line unicorn/prefer-math-trunc -- wraps to 32 bits
  return count | 0;
}
