/** Writes docs/benchmarks.md from results/latest.json. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Setting } from "./lib/contender.ts";
import { CONTENDER_NAMES, type ContenderName, entryOf, loadModule } from "./lib/contenders.ts";
import { prepare } from "./lib/prepare.ts";
import { budgetLines } from "./lib/report-budgets.ts";
import { profileLines } from "./lib/report-profiles.ts";
import { chapterLines, line, measuredIn, type ReportedScenario } from "./lib/report-tables.ts";
import { type Environment, readResults } from "./lib/results.ts";
import { loadScenario, SCENARIOS } from "./lib/scenario.ts";

const FILE = join(import.meta.dirname, "../docs/benchmarks.md");

const INTRODUCTION = `# Benchmarks

Spinach and its peers side by side on one machine, and the floor: the bare commands that a queue cannot do without.
This page is written by \`npm run report\` from \`bench/results/latest.json\`, which \`npm run bench\` measures:

\`\`\`sh
cd bench && npm ci
npm run bench                      # everything, then this page; -- --only latency measures one scenario
npm run bench -- --quick           # within a minute, to results/quick.json: shows that all works, not how fast
npm run profile                    # where the time of a job goes, then this page
npm run report                     # this page
\`\`\``;

const METHOD = `## Method

The harness starts servers of its own on 127.0.0.1, without persistence, and each run of a contender is a process of its own on
an empty server. Contenders take turns, after a run of each that does not count, so that a slow minute of the machine meets all
of them. Each run checks that every job ran exactly once and that none is left, or, where jobs are only scheduled, that as many wait.
A figure is the median of the runs, with the least and the greatest in parentheses. A ratio is that of two runs that followed each
other, and the median of those: above 1 the project does better in rates, below 1 in times and sizes. Compare ratios, not
figures of different machines.

The floor has no retries, leases, limits or errors: a script that does one \`HDEL\`, \`LPOP\` and \`HSET\` a trip, the
arguments of each job read from its JSON, and a call of an async function for each. A batch is one \`RPUSH\`.`;

/** Scenarios that were measured alike are named together. */
function environmentLines(measured: readonly ReportedScenario[]): readonly string[] {
  const machines = Map.groupBy(measured, ({ result }) => machineText(result.environment));
  return [...machines].map(([machine, scenarios]) => {
    const commits = Map.groupBy(scenarios, ({ result }) => result.environment.commit);
    const texts = [...commits].map(
      ([commit, each]) => `${commit} (${each.map(({ name }) => name).join(", ")})`,
    );
    return `Measured on ${machine}; Spinach at commit ${texts.join("; ")}.`;
  });
}

function machineText({ cpu, cores, memoryGib, node }: Environment): string {
  return `${cpu}, ${cores} cores, ${memoryGib} GiB; Node ${node}`;
}

/** More than the benchmark itself brings about. */
const BUSY_PER_CORE = 2;

/** Says so if something else kept the machine busy. */
function busyLines(measured: readonly ReportedScenario[]): readonly string[] {
  const busy = measured.flatMap(({ name, result: { cases, environment } }) =>
    cases
      .filter(({ load = 0 }) => load > BUSY_PER_CORE * environment.cores)
      .map(({ load = 0 }) => ({ name, load })),
  );
  if (busy.length === 0) return [];
  const names = [...new Set(busy.map(({ name }) => name))].join(", ");
  const most = Math.round(Math.max(...busy.map(({ load }) => load)));
  return [
    `The machine was busy with other work while some were measured (${names}; load average up to ${most}): rates there are lower, times ` +
      "longer and ranges wider than they would be. Ratios and counts suffer least.",
  ];
}

function versionsLine(measured: readonly ReportedScenario[]): string {
  const versions = new Set(
    measured.flatMap(({ result: { environment } }) =>
      Object.entries({ ...environment.servers, ...environment.packages }).map(
        ([name, version]) => `${name} ${version}`,
      ),
    ),
  );
  return `With ${[...versions].toSorted().join(", ")}.`;
}

async function settingsSection(names: readonly ContenderName[]): Promise<string> {
  const sections: string[] = ["## Settings"];
  const told = new Set<readonly Setting[]>();
  for (const name of names) {
    const { SETTINGS } = await loadModule(name);
    if (SETTINGS.length === 0 || told.has(SETTINGS)) continue;
    told.add(SETTINGS);
    const rows = SETTINGS.map(([setting, reason]) => line([setting, reason]));
    const head = [line(["setting", "reason"]), line(["---", "---"])];
    sections.push(`### ${entryOf(name).title}`, [...head, ...rows].join("\n"));
  }
  return sections.join("\n\n");
}

prepare();
const results = readResults("full");
const measured: ReportedScenario[] = [];
for (const name of SCENARIOS) {
  const result = results[name];
  const { chapter } = await loadScenario(name);
  if (result !== undefined) measured.push({ name, chapter, result });
}
if (measured.length === 0) throw new Error("nothing was measured yet: run npm run bench first");
const took = new Set(measured.flatMap(({ result }) => measuredIn(result)));
const profiles = profileLines();
const sections = [
  INTRODUCTION,
  [...environmentLines(measured), versionsLine(measured), ...busyLines(measured)].join("\n\n"),
  (await budgetLines(results)).join("\n"),
  ...measured.map((each) => chapterLines(each).join("\n")),
  ...(profiles.length === 0 ? [] : [profiles.join("\n")]),
  METHOD,
  await settingsSection(CONTENDER_NAMES.filter((name) => took.has(name))),
];
writeFileSync(FILE, `${sections.join("\n\n")}\n`);
