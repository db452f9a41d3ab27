import { setTimeout as sleep } from "node:timers/promises";

import { AsyncWorkers, Engine } from "spinach";
import { RedisBroker } from "spinach/redis";

import { addPeriodicTask, addTasks, JOBS_A_ROUND, scheduleRound, Tally } from "./soak-load.ts";

export const NAMESPACE = "soak";

/** Jobs at once. */
const NUMBER = 50;

/** What is expected is not logged: stops that cut jobs short, timeouts, retries. */
const nothing = (): void => undefined;
const LOGGER = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** An engine of one queue, and what has ended there. */
interface Loaded {
  readonly spin: Engine;
  readonly queue: string;
  readonly tally: Tally;
}

function loaded(url: string, queue: string): Loaded {
  const spin = new Engine(new RedisBroker(url), { namespace: NAMESPACE, logger: LOGGER });
  addTasks(spin, queue);
  return { spin, queue, tally: new Tally(spin) };
}

/** An engine that lives for the whole soak; its workers are stopped and started in each round. */
export class LastingEngine {
  readonly #loaded: Loaded;
  #rounds = 0;

  constructor(url: string) {
    this.#loaded = loaded(url, "lasting");
    addPeriodicTask(this.#loaded.spin, "lasting");
  }

  async round(): Promise<void> {
    this.#rounds += 1;
    await workOff(this.#loaded, this.#rounds * JOBS_A_ROUND);
  }

  async close(): Promise<void> {
    await this.#loaded.spin.close();
  }
}

/** An engine that lives for one round. */
export async function freshRound(url: string): Promise<void> {
  const fresh = loaded(url, "fresh");
  await workOff(fresh, JOBS_A_ROUND);
  await fresh.spin.close();
}

/** Works a round off, with a stop in the middle that cuts jobs short. */
async function workOff(all: Loaded, wanted: number): Promise<void> {
  const { spin, queue, tally } = all;
  const workers = async () =>
    spin.startWorkers({ workers: new AsyncWorkers({ number: NUMBER }), queue });
  const first = await workers();
  await scheduleRound(spin);
  await sleep(100);
  await first.stop({ timeout: 0 });
  const second = await workers();
  await tally.reaches(wanted);
  await second.stop();
}
