import { isReached, judge, ownOf } from "./budgets.ts";
import type { Chapter, Measure } from "./chapter.ts";
import { CONTENDER_NAMES, type ContenderName, entryOf } from "./contenders.ts";
import { ratio, spread } from "./figures.ts";
import type { ScenarioResult } from "./results.ts";
import { valuesOf } from "./results.ts";
import type { ScenarioName } from "./scenario.ts";

export interface ReportedScenario {
  readonly name: ScenarioName;
  readonly chapter: Chapter;
  readonly result: ScenarioResult;
}

/** The section of a scenario: a column for each contender that took part, and a ratio to each rival. */
export function chapterLines({ chapter, result }: ReportedScenario): readonly string[] {
  const columns = measuredIn(result);
  const rivals = rivalsOf(chapter).filter((name) => columns.includes(name));
  const titles = columns.map((name) => entryOf(name).title);
  const head = [
    "",
    ...titles,
    ...rivals.map((name) => `to ${entryOf(name).title}`),
    ...(hasBudget(chapter) ? ["budget", "reached"] : []),
  ];
  const rows = chapter.measures.map((measure) =>
    row({ chapter, result }, measure, { columns, rivals }),
  );
  return [
    `## ${chapter.title}`,
    "",
    chapter.text,
    "",
    line(head),
    line(head.map(() => "---")),
    ...rows,
    ...notesOf(chapter, result).flatMap((note) => ["", note]),
  ];
}

/** Who took part, in the order of the columns. */
export function measuredIn({ cases }: ScenarioResult): readonly ContenderName[] {
  return CONTENDER_NAMES.filter((name) => cases.some(({ runs }) => runs[name] !== undefined));
}

/** Those to whom there are ratios: the floor always. */
function rivalsOf({ measures, rivals = [], own = "spinach" }: Chapter): readonly ContenderName[] {
  const named = measures.flatMap(({ budget }) => Object.keys(budget?.ratios ?? {}));
  const all = new Set<string>([...rivals, ...named, ...FLOORS]);
  return CONTENDER_NAMES.filter((name) => all.has(name) && name !== own);
}

const FLOORS = CONTENDER_NAMES.filter((name) => name.startsWith("floor"));

function hasBudget({ measures }: Chapter): boolean {
  return measures.some(({ budget }) => budget !== undefined);
}

interface Columns {
  readonly columns: readonly ContenderName[];
  readonly rivals: readonly ContenderName[];
}

function row(
  { chapter, result }: Omit<ReportedScenario, "name">,
  measure: Measure,
  { columns, rivals }: Columns,
): string {
  const own = valuesOf(ownOf(chapter, measure), measure, result);
  const ratios = rivals.map((name) => {
    const others = valuesOf(name, measure, result);
    return others.length === 0 || own.length === 0 ? "" : ratio(own, others);
  });
  const judged = judge(chapter, measure, result);
  return line([
    `${measure.title}, ${measure.unit}`,
    ...columns.map((name) => spread(valuesOf(name, measure, result))),
    ...ratios,
    ...(hasBudget(chapter) ? [judged?.budget ?? "", isReached(judged)] : []),
  ]);
}

/** The chapter's own, and who could not be measured on the machine. */
function notesOf({ notes = [] }: Chapter, { cases }: ScenarioResult): readonly string[] {
  const absent = new Map(cases.flatMap((each) => Object.entries(each.absent ?? {})));
  const missing = [...absent].map(
    ([name, reason]) => `${entryOf(name as ContenderName).title} was not measured: ${reason}.`,
  );
  return [...notes, ...missing];
}

export function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
