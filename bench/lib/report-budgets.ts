import { isReached, judge } from "./budgets.ts";
import { line } from "./report-tables.ts";
import type { Results } from "./results.ts";
import { loadScenario, SCENARIOS } from "./scenario.ts";

/** The table of all budgets, and a sentence for each that is missed. */
export async function budgetLines(results: Results): Promise<readonly string[]> {
  const rows: string[] = [];
  const missed: string[] = [];
  for (const name of SCENARIOS) {
    const { chapter } = await loadScenario(name);
    for (const measure of chapter.measures) {
      const judged = judge(chapter, measure, results[name]);
      if (judged === undefined) continue;
      const what = `[${chapter.title}](#${anchor(chapter.title)}): ${measure.title}`;
      rows.push(line([what, judged.budget, judged.measured, isReached(judged)]));
      if (judged.reached === false) {
        missed.push(
          `- ${chapter.title}, ${measure.title}: ${measure.missed ?? "no reason is known."}`,
        );
      }
    }
  }
  return [
    "## Budgets",
    "",
    "A budget in us, ms or jobs/s was set on one machine. In parentheses is what it was there to others that were measured beside it; where " +
      "only those ratios are kept, it is reached as ratios, since all of them were slower or faster here.",
    "",
    line(["what", "budget", "measured", "reached"]),
    line(["---", "---", "---", "---"]),
    ...rows,
    ...(missed.length === 0 ? [] : ["", "Missed:", "", ...missed]),
  ];
}

/** As GitHub makes it of a heading. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\s\-]/gv, "")
    .replaceAll(" ", "-");
}
