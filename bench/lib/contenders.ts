/** Who is measured. To add one: a line here, and a file in the folder `contenders`. */
import type { Contender, ContenderModule, Setup } from "./contender.ts";

export interface ContenderEntry {
  /** Heads its column. */
  readonly title: string;
  /** Its file in the folder `contenders`. */
  readonly file: string;
  /** Where its jobs are: `process` means that they end with it. */
  readonly store: "redis" | "postgres" | "file" | "process";
  /** Which of the things that its file knows, if several. */
  readonly variant?: string;
  /** Whose versions the report names. */
  readonly packages?: readonly string[];
}

/** In the order of the columns. */
export const CONTENDERS = {
  spinach: { title: "Spinach", file: "spinach", store: "redis", packages: ["@redis/client"] },
  "spinach-memory": { title: "Spinach (memory)", file: "spinach-memory", store: "process" },
  "spinach-sqlite": { title: "Spinach (SQLite)", file: "spinach-sqlite", store: "file" },
  "spinach-threads": { title: "Spinach (threads)", file: "engine-pool", store: "process" },
  loop: { title: "Spinach (event loop)", file: "engine-pool", store: "process" },
  bullmq: { title: "BullMQ", file: "bullmq", store: "redis", packages: ["bullmq", "ioredis"] },
  "bee-queue": { title: "bee-queue", file: "bee-queue", store: "redis", packages: ["bee-queue"] },
  platformatic: {
    title: "platformatic",
    file: "platformatic",
    store: "redis",
    variant: "redis",
    packages: ["@platformatic/job-queue"],
  },
  "platformatic-memory": {
    title: "platformatic (memory)",
    file: "platformatic",
    store: "process",
    variant: "memory",
    packages: ["@platformatic/job-queue"],
  },
  "platformatic-file": {
    title: "platformatic (files)",
    file: "platformatic",
    store: "file",
    variant: "file",
    packages: ["@platformatic/job-queue"],
  },
  plainjob: {
    title: "plainjob",
    file: "plainjob",
    store: "file",
    packages: ["plainjob", "better-sqlite3"],
  },
  "graphile-worker": {
    title: "graphile-worker",
    file: "graphile-worker",
    store: "postgres",
    packages: ["graphile-worker"],
  },
  "pg-boss": { title: "pg-boss", file: "pg-boss", store: "postgres", packages: ["pg-boss"] },
  piscina: { title: "Piscina", file: "run-pool", store: "process", packages: ["piscina"] },
  "piscina-10": {
    title: "Piscina, 10 a thread",
    file: "run-pool",
    store: "process",
    packages: ["piscina"],
  },
  tinypool: { title: "Tinypool", file: "run-pool", store: "process", packages: ["tinypool"] },
  "python-default": {
    title: "Python Spinach, 5 threads",
    file: "python-spinach",
    store: "redis",
  },
  "python-spinach": {
    title: "Python Spinach, 256 coroutines",
    file: "python-spinach",
    store: "redis",
  },
  "floor-sqlite": { title: "floor (SQLite)", file: "floor-sqlite", store: "file" },
  floor: { title: "floor", file: "floor", store: "redis" },
} as const satisfies Readonly<Record<string, ContenderEntry>>;

export type ContenderName = keyof typeof CONTENDERS;

export const CONTENDER_NAMES = Object.keys(CONTENDERS) as readonly ContenderName[];

export function entryOf(name: ContenderName): ContenderEntry {
  return CONTENDERS[name];
}

/** Loads only the one that is measured, so that memory and start are its own. */
export async function loadModule(name: ContenderName): Promise<ContenderModule> {
  return (await import(`../contenders/${entryOf(name).file}.ts`)) as ContenderModule;
}

/** @throws Error if only scenarios of its own use it: a mistake in a scenario */
export async function loadContender(name: ContenderName, setup: Setup): Promise<Contender> {
  const { create } = await loadModule(name);
  if (create === undefined) throw new Error(`${name} has no "create" in its file`);
  return create(setup, entryOf(name).variant ?? "");
}
