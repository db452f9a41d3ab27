/** Whether the budgets are reached, and the table of all of them. */
import type { Budget, Chapter, Measure } from "./chapter.ts";
import { type ContenderName, entryOf } from "./contenders.ts";
import { figure, ratio } from "./figures.ts";
import { type ScenarioResult, valuesOf } from "./results.ts";
import { median, medianRatio } from "./statistics.ts";

/** A budget, compared with what was measured. */
export interface Judged {
  readonly budget: string;
  readonly measured: string;
  /** Undefined if it was not measured, or not all that it compares. */
  readonly reached: boolean | undefined;
}

export function judge(
  chapter: Chapter,
  measure: Measure,
  result: ScenarioResult | undefined,
): Judged | undefined {
  const { budget, unit } = measure;
  if (budget === undefined) return undefined;
  const own = ownOf(chapter, measure);
  const values = result === undefined ? [] : valuesOf(own, measure, result);
  const rivals = ratiosOf(budget).map(([name, least]) => {
    const others = result === undefined ? [] : valuesOf(name, measure, result);
    return { name, least, others };
  });
  const known = values.length > 0 && rivals.every(({ others }) => others.length > 0);
  const { least = -Infinity, most = Infinity } = budget;
  const misses =
    rivals.some((rival) => medianRatio(values, rival.others) < rival.least) ||
    median(values) < least ||
    median(values) > most;
  const ratios = rivals.map(
    ({ name, others }) => `${ratio(values, others)} ${entryOf(name).title}`,
  );
  return {
    budget: budgetText(budget, unit),
    measured: known ? [`${figure(median(values))} ${unit}`, ...ratios].join(", ") : "not measured",
    reached: known ? !misses : undefined,
  };
}

/** Whose figure it is. */
export function ownOf(chapter: Chapter, measure: Measure): ContenderName {
  return measure.own ?? chapter.own ?? "spinach";
}

export function isReached(judged: Judged | undefined): string {
  if (judged?.reached === undefined) return "";
  return judged.reached ? "yes" : "**no**";
}

function ratiosOf({ ratios = {} }: Budget): ReadonlyArray<readonly [ContenderName, number]> {
  return Object.entries(ratios) as Array<[ContenderName, number]>;
}

function budgetText(budget: Budget, unit: string): string {
  const { least, most } = budget;
  return [
    ...ratiosOf(budget).map(([name, times]) => `at least ${times}x ${entryOf(name).title}`),
    ...(least === undefined ? [] : [`at least ${least.toLocaleString("en")} ${unit}`]),
    ...(most === undefined ? [] : [`at most ${most} ${unit}`]),
  ].join(", ");
}
