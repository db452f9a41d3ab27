import type { Runtime, Timer } from "../../platform/runtime.ts";
import type { Claim, ClaimJobs, WakeUpListener } from "../broker.ts";

/**
 * When those who were not woken look all the same, in ms: at random between the two, so that one looks
 * first, and tells the others that they need not.
 */
const SECOND_LOOK_MS = { min: 500, max: 2500 };

/** In a notification, instead of ids: the queue was found empty. */
const CLEAR = "clear";

/** What wake-ups need of their broker. */
export interface WakeUpsParts {
  readonly runtime: Runtime;
  /** The broker's id, now. */
  readonly id: () => string;
}

/**
 * Who is told that there may be jobs. A script wakes only as many of the brokers that found a queue empty
 * as there are new jobs, so that a lone job does not cost a fetch of each idle process. Who is woken may
 * be dead, frozen, or have stopped its workers: each of the others takes a second look soon after, unless
 * one of them was faster, found nothing left, and said so. Who stands idle takes the jobs that it schedules itself
 * (see OwnJobs); where these had to go into the queue, it looks there without being told.
 *
 * ```
 *            woken by name, or all are,
 *            or its own jobs are in it           looked, and found it empty
 *   idle --------------------------> looking --------------------------------> idle
 *    |  another one was woken           |                                       ^
 *    |                                  | another one was woken meanwhile       |
 *    |                                  v                                       |
 *    +-----------------------------> idle, second look planned ----- clear -----+
 *                                      |
 *                                      +--- its time has come ---> looking, and clears
 * ```
 */
export class WakeUps {
  readonly #parts: WakeUpsParts;
  readonly #listeners = new Map<WakeUpListener, ClaimJobs | undefined>();
  /** Queues that this broker found empty, and was not woken for since. */
  readonly #idle = new Set<string>();
  readonly #secondLooks = new Map<string, Timer>();
  /** Queues at which this broker looks now, and whether others were woken meanwhile: it may have come too early for their jobs. */
  readonly #looking = new Map<string, boolean>();
  /** Queues that this broker takes a second look at. */
  readonly #clearing = new Set<string>();

  constructor(parts: WakeUpsParts) {
    this.#parts = parts;
  }

  listen(listener: WakeUpListener, claim: ClaimJobs | undefined): () => void {
    this.#listeners.set(listener, claim);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** An exchange with these queues is about to be sent. */
  looks(queues: readonly string[]): void {
    for (const queue of queues) this.#looking.set(queue, false);
  }

  /** What it found. */
  looked(queues: readonly string[], mayHoldMore: boolean): void {
    for (const queue of queues) {
      const wereOthersWoken = this.#looking.get(queue) === true;
      this.#looking.delete(queue);
      if (mayHoldMore) {
        this.#idle.delete(queue);
        continue;
      }
      this.#idle.add(queue);
      this.#clearing.delete(queue);
      if (wereOthersWoken) this.#planSecondLook(queue);
    }
  }

  /** The queues on which the cluster may take this broker for idle. */
  get idleQueues(): readonly string[] {
    return [...this.#idle];
  }

  /** Whether the cluster may take this broker for idle on one of the queues. */
  mayBeIdle(queues: readonly string[]): boolean {
    return queues.some((queue) => this.#idle.has(queue));
  }

  /** Whether a look at these queues is a second one, which tells the others what it found. */
  clears(queues: readonly string[]): boolean {
    return queues.some((queue) => this.#clearing.has(queue));
  }

  /** A message: see {@link RedisKeys.channel}. */
  notified(message: string): void {
    const [queue = "", ids, looker] = message.split("\n");
    if (looker === this.#parts.id()) return;
    if (ids === undefined) this.wake(queue === "" ? undefined : queue);
    else if (ids === CLEAR) this.#cancelSecondLook(queue);
    else if (ids.split(",").includes(this.#parts.id())) this.wake(queue);
    else if (this.#idle.has(queue)) this.#planSecondLook(queue);
    else if (this.#looking.has(queue)) this.#looking.set(queue, true);
  }

  /** What was published meanwhile is not known. */
  readonly mayHaveMissed = (): void => {
    this.wake(undefined);
  };

  /** Has everybody here look at a queue; at any, if it is `undefined`. */
  wake(queue: string | undefined, isBack = false): void {
    for (const known of queue === undefined ? [...this.#idle] : [queue]) this.noLongerIdle(known);
    for (const listener of this.#listeners.keys()) listener(queue, isBack);
  }

  /** The cluster does not take this broker for idle on a queue any more. */
  noLongerIdle(queue: string): void {
    this.#idle.delete(queue);
    this.#cancelSecondLook(queue);
  }

  /** A claim to new jobs of a queue, if somebody here stands idle. */
  claim(queue: string): Claim | undefined {
    for (const claim of this.#listeners.values()) {
      const claimed = claim?.(queue);
      if (claimed !== undefined) return claimed;
    }
    return undefined;
  }

  /** The broker is another one from now on. */
  forget(): void {
    for (const timer of this.#secondLooks.values()) timer.cancel();
    this.#secondLooks.clear();
    this.#clearing.clear();
    this.#idle.clear();
    this.#looking.clear();
  }

  #planSecondLook(queue: string): void {
    if (this.#secondLooks.has(queue)) return;
    const { timers, random } = this.#parts.runtime;
    const { min, max } = SECOND_LOOK_MS;
    const look = (): void => {
      this.#secondLooks.delete(queue);
      this.#clearing.add(queue);
      for (const listener of this.#listeners.keys()) listener(queue);
    };
    this.#secondLooks.set(queue, timers.set(look, min + (max - min) * random()));
  }

  #cancelSecondLook(queue: string): void {
    this.#secondLooks.get(queue)?.cancel();
    this.#secondLooks.delete(queue);
    if (this.#looking.has(queue)) this.#looking.set(queue, false);
  }
}
