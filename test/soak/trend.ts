import type { Measure, Sample } from "./sample.ts";

/** How one measure went. */
export interface Trend {
  readonly measure: Measure;
  /** Medians of the first and of the last third of the samples. */
  readonly first: number;
  readonly last: number;
  /** By least squares, a minute. */
  readonly slope: number;
  /** What the last may be above the first. */
  readonly allowed: number;
  readonly isLeak: boolean;
}

/** One sample, and when it was taken. */
export interface Point {
  readonly atMinutes: number;
  readonly sample: Sample;
}

const MIB = 2 ** 20;

/**
 * What may be more at the end: compiled code and caches that fill, and for RSS the allocator's habits. A leak of
 * 100 bytes a job is 3 MiB after 20 rounds, which is fewer than a minute has.
 */
const ALLOWED: Readonly<Record<Measure, (first: number) => number>> = {
  heap: () => 2 * MIB,
  rss: (first) => 0.15 * first,
  external: () => MIB,
  resources: () => 0,
  redis: () => 0.5 * MIB,
  keys: () => 0,
};

/** Of these, as all is warm. */
export function trendsOf(points: readonly Point[]): readonly Trend[] {
  const measures = Object.keys(ALLOWED) as Measure[];
  return measures.map((measure) => trendOf(points, measure));
}

function trendOf(points: readonly Point[], measure: Measure): Trend {
  const values = points.map(({ sample }) => sample[measure]);
  const third = Math.max(1, Math.floor(values.length / 3));
  const first = median(values.slice(0, third));
  const last = median(values.slice(-third));
  const allowed = ALLOWED[measure](first);
  const slope = slopeOf(
    points.map(({ atMinutes }) => atMinutes),
    values,
  );
  return { measure, first, last, slope, allowed, isLeak: last - first > allowed };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

function slopeOf(times: readonly number[], values: readonly number[]): number {
  const mean = (all: readonly number[]): number =>
    all.reduce((sum, each) => sum + each, 0) / all.length;
  const [meanTime, meanValue] = [mean(times), mean(values)];
  let together = 0;
  let spread = 0;
  for (const [index, time] of times.entries()) {
    together += (time - meanTime) * ((values[index] ?? 0) - meanValue);
    spread += (time - meanTime) ** 2;
  }
  return spread === 0 ? 0 : together / spread;
}
