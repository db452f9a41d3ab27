import assert from "node:assert/strict";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";

import { within } from "../../src/testing/waits.ts";
import { watchLeftovers } from "./leftovers.ts";

/** Something with a start that awaits. */
export interface Startable {
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
}

/** Longest time for a stop, and for the start that it overtakes, in ms. */
const LIMIT_MS = 20_000;

/** Moments of a start, from its first await to one after its end. */
const MOMENTS: ReadonlyArray<{ readonly name: string; readonly pass: () => Promise<void> }> = [
  ...upTo(12).map((hops) => ({
    name: `${hops} microtasks`,
    pass: async () => {
      for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
    },
  })),
  ...upTo(12).map((turns) => ({
    name: `${turns} turns`,
    pass: async () => {
      for (let count = 0; count < turns; count += 1) await turn();
    },
  })),
  ...[1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233].map((ms) => ({
    name: `${ms} ms`,
    pass: () => sleep(ms),
  })),
];

/**
 * Starts a new component for each moment of its start, and stops it then: nothing of it may be left once both have
 * settled, however the start has. What goes on behind a start, such as joining a cluster, is met in the same way.
 */
export async function stopAtEachAwait(make: () => Startable | Promise<Startable>): Promise<void> {
  for (const { name, pass } of MOMENTS) {
    using leftovers = watchLeftovers();
    const component = await make();
    const starting = Promise.allSettled([component.start()]);
    await pass();
    await within(`the stop after ${name}`, component.stop(), LIMIT_MS);
    await within(`the end of a start that was stopped after ${name}`, starting, LIMIT_MS);
    assert.deepEqual(await leftovers.found(), [], `left behind by a stop after ${name}`);
  }
}

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
