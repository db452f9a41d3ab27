/** What the programs of a chaos run share: their arguments, engine and log. */
import { type Broker, Engine, type Logger } from "spinach";
import { RedisBroker } from "spinach/redis";
import { SqliteBroker } from "spinach/sqlite";

import type { Note } from "../journal.ts";

/** Kinds of stores. */
export const STORES = ["redis", "sqlite"] as const;
export type StoreName = (typeof STORES)[number];

/** Where the jobs are, as the store tells its programs. */
export interface StoreAddress {
  readonly store: StoreName;
  /** URL of the proxy before Redis; path of the file. */
  readonly at: string;
  readonly namespace: string;
  /** How long a process may be silent, in ms. */
  readonly leaseMs: number;
}

/** Kinds of workers: coroutines on one loop or on several, threads that run one job each. */
export const WORKERS = ["async", "loops", "threads"] as const;
export type WorkersName = (typeof WORKERS)[number];

/** What a program is given, as JSON in its first argument. */
export interface ChildRequest {
  readonly address: StoreAddress;
  readonly workers: WorkersName;
  /** Of its random choices. */
  readonly seed: number;
  /** Jobs a second: the producer's. */
  readonly rate: number;
  /** Until when workers schedule jobs of their own, on the clock of the journals, in ms. */
  readonly ownUntilMs: number;
  /** To work off what is left, without periodic tasks, and end. */
  readonly closing: boolean;
}

/** Exit code of a program that could not start because the store was not there; it may be tried again. */
export const STORE_NOT_THERE = 75;

/** @throws TypeError if there is none */
export function childRequest(): ChildRequest {
  const [, , text] = process.argv;
  if (text === undefined) throw new TypeError("started without a request: npm run chaos does it");
  return JSON.parse(text) as ChildRequest;
}

export interface ChildEngine {
  readonly spin: Engine;
  readonly broker: Broker;
}

export function childEngine({ address }: ChildRequest, note: Note): ChildEngine {
  const broker = brokerAt(address);
  const spin = new Engine(broker, { namespace: address.namespace, logger: logger(note) });
  return { spin, broker };
}

/** Calls time out soon, so that a run of minutes sees many outages from their start to their end. */
function brokerAt({ store, at, leaseMs }: StoreAddress): Broker {
  const options = { lease: leaseMs, callTimeout: 2000 };
  switch (store) {
    case "redis":
      return new RedisBroker(at, { ...options, enqueueTimeout: 6000 });
    case "sqlite":
      return new SqliteBroker(at, options);
  }
}

/** To stderr, for people; what the rules need goes to the journal. */
function logger(note: Note): Logger {
  const write = (fields: object, message: string): void => {
    const { err, ...rest }: { err?: unknown } = fields as { err?: unknown };
    const reason = err instanceof Error ? ` (${err.message})` : "";
    console.error(`${new Date().toISOString()} ${message}${reason} ${JSON.stringify(rest)}`);
  };
  const nothing = (): void => undefined;
  return {
    debug: nothing,
    info: nothing,
    warn: (fields, message) => {
      heed(note, fields, message);
      if (!/ failed in attempt /v.test(message)) write(fields, message);
    },
    error: (fields, message) => {
      heed(note, fields, message);
      if (!/ failed after /v.test(message)) write(fields, message);
    },
  };
}

function heed(note: Note, fields: object, message: string): void {
  const { job, jobs, broker, reenqueued, failed } = fields as Readonly<Record<string, unknown>>;
  if (message.startsWith("this process lost its lease")) note({ event: "lost" });
  if (message.startsWith("stopped before") && Array.isArray(jobs)) {
    note({ event: "untold", ids: jobs.map(String) });
  }
  if (message.endsWith("was stopped before it had finished, and put back")) {
    note({ event: "released", id: String(job) });
  }
  if (message.startsWith("took over the jobs of a process") && Array.isArray(failed)) {
    const count = Number(reenqueued) + failed.length;
    const ids = failed.map((each: { readonly job: string }) => each.job);
    note({ event: "rescued", broker: String(broker), jobs: count, failed: ids });
  }
}
