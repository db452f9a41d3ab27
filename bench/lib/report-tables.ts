import type { ContenderName } from "./contender.ts";
import type { Budget, Chapter, Measure } from "./measures.ts";
import type { ScenarioResult } from "./results.ts";
import { median, medianRatio } from "./statistics.ts";

export interface ReportedScenario {
  readonly chapter: Chapter;
  readonly result: ScenarioResult;
}

const HEAD = [
  "| | Spinach | BullMQ | floor | to BullMQ | to the floor | budget | reached |",
  "| --- | --- | --- | --- | --- | --- | --- | --- |",
];

/** The section of a scenario. */
export function chapterLines({ chapter, result }: ReportedScenario): readonly string[] {
  const rows = chapter.measures.map((measure) => row(measure, result));
  const notes = chapter.note === undefined ? [] : ["", chapter.note];
  return [`## ${chapter.title}`, "", chapter.text, "", ...HEAD, ...rows, ...notes];
}

function row(measure: Measure, result: ScenarioResult): string {
  const own = valuesOf("spinach", measure, result);
  const peer = valuesOf("bullmq", measure, result);
  const floor = valuesOf("floor", measure, result);
  const cells = [
    `${measure.title}, ${measure.unit}`,
    ...[own, peer, floor].map((values) => spread(values)),
    ...[peer, floor].map((others) => (others.length === 0 ? "" : ratio(own, others))),
    budgetText(measure),
    isReached(measure.budget, { own, peer, floor }),
  ];
  return `| ${cells.join(" | ")} |`;
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
  const { peerRatio, floorRatio, most } = budget ?? {};
  return [
    ...(peerRatio === undefined ? [] : [`at least ${peerRatio}x BullMQ`]),
    ...(floorRatio === undefined ? [] : [`at least ${floorRatio}x the floor`]),
    ...(most === undefined ? [] : [`at most ${most} ${unit}`]),
  ].join(", ");
}

type Values = Readonly<Record<"own" | "peer" | "floor", readonly number[]>>;

function isReached(budget: Budget | undefined, { own, peer, floor }: Values): string {
  if (budget === undefined) return "";
  const { peerRatio = -Infinity, floorRatio = -Infinity, most = Infinity } = budget;
  const missesPeer = medianRatio(own, peer) < peerRatio;
  const missesFloor = medianRatio(own, floor) < floorRatio;
  return missesPeer || missesFloor || median(own) > most ? "**no**" : "yes";
}
