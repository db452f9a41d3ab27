/** What is profiled, and where the profiles are kept. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { ContenderName } from "./contenders.ts";
import type { ProfilePart } from "./cpu-profile.ts";

const FILE = join(import.meta.dirname, "../results/profile.json");

export interface ProfilePlan {
  readonly title: string;
  readonly contender: ContenderName;
  readonly jobs: number;
  /** How many run at once; 0: jobs are scheduled in batches of 1,000 instead. */
  readonly concurrency: number;
}

export const PROFILES: readonly ProfilePlan[] = [
  { title: "Redis, 256 at once", contender: "spinach", jobs: 500_000, concurrency: 256 },
  { title: "Redis, 1 at once", contender: "spinach", jobs: 50_000, concurrency: 1 },
  { title: "memory, 256 at once", contender: "spinach-memory", jobs: 1_000_000, concurrency: 256 },
  { title: "scheduling in batches, Redis", contender: "spinach", jobs: 1_000_000, concurrency: 0 },
];

/** The times of `jobs` jobs. */
export interface Profile {
  readonly title: string;
  readonly jobs: number;
  readonly parts: readonly ProfilePart[];
}

export function readProfiles(): readonly Profile[] {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as readonly Profile[]) : [];
}

export function writeProfiles(profiles: readonly Profile[]): void {
  writeFileSync(FILE, `${JSON.stringify(profiles, undefined, 2)}\n`);
}
