import assert from "node:assert/strict";

import { BrokerError } from "../../../src/core/errors.ts";
import { until } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import {
  type EngineBench,
  eachRanOnce,
  engineBench,
  linesWith,
  scheduleNumbers,
} from "./engine-bench.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

/** Jobs scheduled before the trouble, and those of them that run when it begins. */
export const JOBS = 40;
export const RUNNING = 10;

export interface Troubled extends AsyncDisposable {
  readonly redis: TestRedis;
  readonly inspector: Inspector;
  /** One more, for when the first is held up. */
  readonly probe: Inspector;
  readonly bench: EngineBench;
}

/** A server of its own, since its configuration is changed, and workers that have jobs in hand. */
export async function busyWorkers(...flags: readonly string[]): Promise<Troubled> {
  const redis = await startRedis(...flags);
  const inspector = await inspect(redis.url);
  const probe = await inspect(redis.url);
  const bench = engineBench(redis.url);
  const close = async (): Promise<void> => {
    await bench.spin.close({ timeout: 0 });
    inspector.close();
    probe.close();
    await redis.stop();
  };
  try {
    await scheduleNumbers(bench, 0, JOBS);
    await bench.spin.startWorkers({ workers: new AsyncWorkers({ number: RUNNING }) });
    await until("the workers are busy", () => bench.runs.size === RUNNING);
  } catch (error) {
    // Nobody else would: a server that is left keeps the test from ending.
    await close();
    throw error;
  }
  return { redis, inspector, probe, bench, [Symbol.asyncDispose]: close };
}

/** Lets the running jobs end, whose outcomes Redis then refuses: the workers say so. */
export async function meetTrouble({ bench }: Troubled, reply: RegExp): Promise<void> {
  bench.openGate();
  await until("the workers meet the trouble", () => linesWith(bench, "broker failed").length > 0);
  const [line] = linesWith(bench, "broker failed");
  assert.ok(line !== undefined && "err" in line.fields && line.fields.err instanceof BrokerError);
  assert.match(line.fields.err.message, reply);
}

/** Every job, one more that was scheduled in the trouble included, ran once; the trouble was logged once. */
export async function survived(it: Troubled, jobs: number = JOBS + 1): Promise<void> {
  const { bench } = it;
  await eachRanOnce(bench, jobs);
  await nothingHeld(it);
  await until("the workers say so", () => linesWith(bench, "broker works again").length > 0);
  for (const text of ["broker failed", "broker works again"]) {
    assert.equal(linesWith(bench, text).length, 1, `"${text}" is logged once`);
  }
  loggedAtMostOnce(bench);
}

export async function nothingHeld({ bench, inspector }: Troubled): Promise<void> {
  await until("all is settled", async () => {
    const keys = await inspector.keys(bench.namespace);
    return !keys.some((key) => key.includes("/_running-jobs-on-broker-"));
  });
}

/** No line comes twice, but that each connection speaks for itself. */
function loggedAtMostOnce(bench: EngineBench): void {
  const lines = problems(bench);
  assert.deepEqual(lines, [...new Set(lines)]);
}

export function problems({ logger }: EngineBench): readonly string[] {
  return logger.lines
    .filter(({ level }) => level === "warn" || level === "error")
    .map(({ message, fields }) =>
      "connection" in fields ? `${message}: ${String(fields.connection)}` : message,
    );
}

export async function refusal(call: Promise<unknown>, pattern: RegExp): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof BrokerError);
    assert.match(error.message, pattern);
    return true;
  });
}
