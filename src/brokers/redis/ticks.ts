import { type Due, MAX_BYTES_PER_CALL } from "../broker.ts";
import { KnownQueues } from "./known-queues.ts";
import { tick } from "./lua-scripts.ts";
import type { RedisParts } from "./redis-parts.ts";
import { parseDue, textArray } from "./replies.ts";

/** Ids given to one tick for the jobs of periodic tasks; if more are due, the next tick has them. */
const IDS_PER_TICK = 20;

/** The first names the queues that it lacks, the second one has them. */
const TRIPS_PER_TICK = 2;

/** Has Redis move what is due, to queues that it must be told. */
export class Ticks {
  readonly #knownQueues = new KnownQueues();

  /** Names of the queues of this process's tasks. */
  set ofTasks(queues: readonly string[]) {
    this.#knownQueues.ofTasks = queues;
  }

  async tick({ keys, runtime, connection }: RedisParts): Promise<Due> {
    let asked: readonly string[] = [];
    for (let trips = 1; ; trips += 1) {
      const queues = [...new Set([...this.#knownQueues.all, ...asked])];
      const ids = Array.from({ length: IDS_PER_TICK }, () => runtime.newId());
      const call = tick(
        { ...keys.fixed, queues: queues.flatMap((queue) => keys.queueKeys(queue)) },
        {
          channel: keys.channel,
          maxBytes: MAX_BYTES_PER_CALL,
          idCount: ids.length,
          ids: [...ids, ...queues],
        },
      );
      const [due = "", ...missing] = textArray(await connection.run(call));
      this.#knownQueues.wereDue(asked);
      // Where each job has a queue of its own, the next ones have others: they are for the next tick.
      if (missing.length === 0 || trips === TRIPS_PER_TICK) return { nextDueMs: parseDue(due) };
      asked = missing;
    }
  }
}
