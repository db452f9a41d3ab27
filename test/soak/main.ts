/** Mixed load with stops and starts, for minutes, in one process: whatever grows is a leak. */
import { parseArgs } from "node:util";

import { inspect } from "../brokers/redis/inspector.ts";
import { startRedisProcess } from "../brokers/redis/redis-process.ts";
import { startGuard } from "../chaos/guard.ts";
import { takeSample } from "./sample.ts";
import { JOBS_A_ROUND } from "./soak-load.ts";
import { freshRound, LastingEngine } from "./soak-round.ts";
import { type Point, type Trend, trendsOf } from "./trend.ts";

/** Rounds before the first sample that counts: code is compiled, caches fill. */
const WARM_UP_ROUNDS = 15;

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError(`--minutes must be above 0, got "${values.minutes}"`);

const guard = startGuard();
const redis = await startRedisProcess({ parent: guard.folder });
guard.started(redis.pid ?? 0);
const inspector = await inspect(redis.url);
const before = process.getActiveResourcesInfo();
const points: Point[] = [];
let rounds = 0;

async function soak(): Promise<void> {
  const lasting = new LastingEngine(redis.url);
  const startedAtMs = performance.now();
  for (;;) {
    await Promise.all([lasting.round(), freshRound(redis.url)]);
    rounds += 1;
    const atMinutes = (performance.now() - startedAtMs) / 60_000;
    if (rounds > WARM_UP_ROUNDS) points.push({ atMinutes, sample: await takeSample(inspector) });
    if (atMinutes >= minutes) break;
  }
  await lasting.close();
}

await soak();
await takeSample(inspector);
const after = process.getActiveResourcesInfo();
const trends = trendsOf(points);
process.stdout.write(report(trends));
process.exitCode = trends.some(({ isLeak }) => isLeak) || after.length > before.length ? 1 : 0;
inspector.close();
await redis.stop();
await guard.close(false);

function report(all: readonly Trend[]): string {
  const rows = all.map((trend) => {
    const { measure, first, last, slope, allowed, isLeak } = trend;
    const cells = [first, last, slope, allowed].map((value) => shown(measure, value).padStart(12));
    return [measure.padEnd(10), ...cells, isLeak ? "  LEAK" : "  flat"].join("");
  });
  const head = ["", "first third", "last third", "a minute", "allowed"];
  return [
    `Soak: ${minutes} min, ${rounds} rounds, ${2 * rounds * JOBS_A_ROUND} jobs, ${3 * rounds + 1} starts of workers`,
    head.map((title, index) => (index === 0 ? title.padEnd(10) : title.padStart(12))).join(""),
    ...rows,
    `resources before: ${before.join(", ")}; after close(): ${after.join(", ")}`,
    "",
  ].join("\n");
}

function shown(measure: string, value: number): string {
  return measure === "resources" || measure === "keys"
    ? value.toFixed(1)
    : `${(value / 2 ** 20).toFixed(2)} MiB`;
}
