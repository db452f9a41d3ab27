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
  /** "as ratios": not the value, but all of its ratios. Undefined if it was not measured, or not all that it compares. */
  readonly reached: boolean | "as ratios" | undefined;
}

export function judge(
  chapter: Chapter,
  measure: Measure,
  result: ScenarioResult | undefined,
): Judged | undefined {
  const { budget, unit } = measure;
  if (budget === undefined) return undefined;
  const valuesOfAll = (name: ContenderName): readonly number[] =>
    result === undefined ? [] : valuesOf(name, measure, result);
  const values = valuesOfAll(ownOf(chapter, measure));
  const bounds = [...entriesOf(budget.ratios), ...boundsWhere(budget)];
  const rivals = bounds.map(([name]) => ({ name, others: valuesOfAll(name) }));
  const known = values.length > 0 && rivals.every(({ others }) => others.length > 0);
  const ratios = rivals.map(
    ({ name, others }) => `${ratio(values, others)} ${entryOf(name).title}`,
  );
  return {
    budget: budgetText(budget, unit),
    measured: known ? [`${figure(median(values))} ${unit}`, ...ratios].join(", ") : "not measured",
    reached: known ? reaches(budget, values, valuesOfAll) : undefined,
  };
}

function reaches(
  budget: Budget,
  values: readonly number[],
  valuesOfAll: (name: ContenderName) => readonly number[],
): boolean | "as ratios" {
  const { least = -Infinity, most = Infinity } = budget;
  const ratioTo = (name: ContenderName): number => medianRatio(values, valuesOfAll(name));
  if (entriesOf(budget.ratios).some(([name, times]) => ratioTo(name) < times)) return false;
  if (median(values) >= least && median(values) <= most) return true;
  const where = boundsWhere(budget);
  const isRatioReached = where.every(([name, times]) =>
    budget.most === undefined ? ratioTo(name) >= times : ratioTo(name) <= times,
  );
  return where.length > 0 && isRatioReached ? "as ratios" : false;
}

/** Whose figure it is. */
export function ownOf(chapter: Chapter, measure: Measure): ContenderName {
  return measure.own ?? chapter.own ?? "spinach";
}

export function isReached(judged: Judged | undefined): string {
  switch (judged?.reached) {
    case undefined:
      return "";
    case true:
      return "yes";
    case false:
      return "**no**";
    case "as ratios":
      return "as ratios";
  }
}

type Bounds = ReadonlyArray<readonly [ContenderName, number]>;

function entriesOf(bounds: Readonly<Partial<Record<ContenderName, number>>> = {}): Bounds {
  return Object.entries(bounds) as Array<[ContenderName, number]>;
}

/** The ratios that the value was to those contenders where it was set. */
function boundsWhere({ least, most, where }: Budget): Bounds {
  const value = most ?? least ?? Number.NaN;
  return entriesOf(where).map(([name, figureThere]) => [name, value / figureThere]);
}

function budgetText(budget: Budget, unit: string): string {
  const { least, most } = budget;
  const where = boundsWhere(budget).map(
    ([name, times]) => `${times.toPrecision(3)}x ${entryOf(name).title}`,
  );
  const there = where.length === 0 ? "" : ` (there ${where.join(", ")})`;
  return [
    ...entriesOf(budget.ratios).map(([name, times]) => `at least ${times}x ${entryOf(name).title}`),
    ...(least === undefined ? [] : [`at least ${least.toLocaleString("en")} ${unit}${there}`]),
    ...(most === undefined ? [] : [`at most ${most} ${unit}${there}`]),
  ].join(", ");
}
