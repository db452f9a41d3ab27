import { type ContenderName, CONTENDERS } from "./contender.ts";
import type { Budget, Chapter, Measure } from "./measures.ts";
import type { ScenarioResult } from "./results.ts";
import { median, medianRatio } from "./statistics.ts";

export interface ReportedScenario {
  readonly chapter: Chapter;
  readonly result: ScenarioResult;
}

const QUEUES: readonly ContenderName[] = ["bullmq", "floor"];

/** The section of a scenario. */
export function chapterLines({ chapter, result }: ReportedScenario): readonly string[] {
  const { others = QUEUES, measures, note } = chapter;
  const rows = measures.map((measure) => row(measure, others, result));
  const notes = note === undefined ? [] : ["", note];
  return [`## ${chapter.title}`, "", chapter.text, "", ...head(others), ...rows, ...notes];
}

function head(others: readonly ContenderName[]): readonly string[] {
  const names = others.map((name) => CONTENDERS[name]);
  const ratios = others.map((name) => `to ${withArticle(name)}`);
  const columns = ["", "Spinach", ...names, ...ratios, "budget", "reached"];
  return [
    `| ${columns.join(" | ")} |`.replace("|  |", "| |"),
    `|${" --- |".repeat(columns.length)}`,
  ];
}

function row(measure: Measure, others: readonly ContenderName[], result: ScenarioResult): string {
  const own = valuesOf("spinach", measure, result);
  const all = others.map((name) => valuesOf(name, measure, result));
  const cells = [
    `${measure.title}, ${measure.unit}`,
    ...[own, ...all].map((values) => spread(values)),
    ...all.map((values) => (values.length === 0 ? "" : ratio(own, values))),
    budgetText(measure),
    isReached(measure, own, result),
  ];
  return `| ${cells.join(" | ")} |`;
}

function withArticle(name: ContenderName): string {
  return name === "floor" || name === "loop" ? `the ${CONTENDERS[name]}` : CONTENDERS[name];
}

function valuesOf(
  contender: ContenderName,
  { id: [caseId, figure] }: Measure,
  result: ScenarioResult,
): readonly number[] {
  const runs = result.cases.find(({ id }) => id === caseId)?.runs[contender] ?? [];
  return runs.map((figures) => figures[figure]).filter((value) => value !== undefined);
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return "";
  if (values.length === 1) return figure(median(values));
  const range = `${figure(Math.min(...values))}–${figure(Math.max(...values))}`;
  return `${figure(median(values))} (${range})`;
}

/** Three digits that say something, and thousands apart. */
function figure(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en");
}

function ratio(own: readonly number[], others: readonly number[]): string {
  return `${medianRatio(own, others).toPrecision(3)}x`;
}

function budgetText({ budget, unit }: Measure): string {
  const { least, most } = budget ?? {};
  return [
    ...ratiosOf(budget).map(([name, times]) => `at least ${times}x ${withArticle(name)}`),
    ...(least === undefined ? [] : [`at least ${least.toLocaleString("en")} ${unit}`]),
    ...(most === undefined ? [] : [`at most ${most} ${unit}`]),
  ].join(", ");
}

function isReached(measure: Measure, own: readonly number[], result: ScenarioResult): string {
  const { budget } = measure;
  if (budget === undefined) return "";
  const { least = -Infinity, most = Infinity } = budget;
  const misses = ratiosOf(budget).some(
    ([name, times]) => medianRatio(own, valuesOf(name, measure, result)) < times,
  );
  return misses || median(own) < least || median(own) > most ? "**no**" : "yes";
}

function ratiosOf(budget: Budget | undefined): ReadonlyArray<[ContenderName, number]> {
  return Object.entries(budget?.ratios ?? {}) as ReadonlyArray<[ContenderName, number]>;
}
