import { setTimeout as sleep } from "node:timers/promises";

import type { Random } from "../../src/testing/seeded-random.ts";

/** Something that goes wrong, and is healed. */
export interface Fault {
  readonly name: string;
  /** What it can strike: a process, `server`, or `network of` a process. One fault at a time each. */
  readonly targets: readonly string[];
  /** Whether the store is empty afterwards: all that it had is lost. */
  readonly empties?: boolean;
  /** Whether jobs and periodic tasks go on as if it were not there. */
  readonly isBorne?: boolean;
  /** Resolves when it is healed; to false if it could not strike. */
  strike(target: string, random: Random): Promise<boolean>;
}

/** When a fault was there, in monotonic ms. */
export interface FaultWindow {
  readonly name: string;
  readonly target: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Whether the store lost then all that it had. */
  readonly empties?: boolean;
  readonly isBorne?: boolean;
}

/** The target that all share. */
export const SERVER = "server";

const NETWORK_OF = "network of ";

export function networkOf(process: string): string {
  return `${NETWORK_OF}${process}`;
}

/** The name of the process behind `network of` it. */
export function processOf(target: string): string {
  return target.startsWith(NETWORK_OF) ? target.slice(NETWORK_OF.length) : target;
}

/** The name of a process, of which one life is `name.number`. */
export function nameOf(life: string): string {
  return life.split(".")[0] ?? "";
}

/** Whether a fault of that target can be felt by a process, given by its name. */
export function isFelt(target: string, process: string): boolean {
  const struck = processOf(target);
  return struck === process || struck === SERVER || struck === "machine";
}

/** Waits from the shortest to the longest, in ms. */
export async function pause(random: Random, shortestMs: number, longestMs: number): Promise<void> {
  await sleep(shortestMs + (longestMs - shortestMs) * random());
}
