/** Writes docs/benchmarks.md from results/latest.json. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { CHAPTERS } from "./lib/measures.ts";
import { OWN_SETTINGS, PEER_SETTINGS, POOL_SETTINGS } from "./lib/peer-settings.ts";
import { chapterLines, type ReportedScenario } from "./lib/report-tables.ts";
import { type Environment, readResults } from "./lib/results.ts";

const FILE = join(import.meta.dirname, "../docs/benchmarks.md");

const INTRODUCTION = `# Benchmarks

Spinach and BullMQ on one real \`redis-server\`, and the floor: the bare commands that a queue on Redis cannot do without. On threads,
Spinach beside Piscina and Tinypool.
This page is written by \`npm run report\` from \`bench/results/latest.json\`, which \`npm run bench\` measures:

\`\`\`sh
cd bench && npm ci
npm run bench                      # everything, some 15 minutes; -- --only latency measures one scenario
npm run bench -- --quick           # within a minute, to results/quick.json: shows that all works, not how fast
npm run report                     # this page
\`\`\``;

const METHOD = `## Method

The harness starts a Redis of its own on 127.0.0.1, without persistence, and each run of a contender is a process of its own on
an empty server. Contenders take turns, after a run of each that does not count, so that a slow minute of the machine meets all
of them. Each run checks that every job ran exactly once and that none is left, or, where jobs are only scheduled, that as many wait.
A figure is the median of the runs, with the least and the greatest in parentheses. A ratio is that of two runs that followed each
other, and the median of those: above 1 the project does better in rates, below 1 in times and sizes. Compare ratios, not
figures of different machines.`;

const FLOOR = `The floor has no retries, leases, limits or errors: a script that does one \`HDEL\`, \`LPOP\` and \`HSET\` a trip, the
arguments of each job read from its JSON, and a call of an async function for each. A batch is one \`RPUSH\`.`;

function environmentLines({ cpu, cores, memoryGib, ...versions }: Environment): readonly string[] {
  const packages = Object.entries(versions.packages).map(([name, version]) => `${name} ${version}`);
  return [
    `Measured on ${cpu}, ${cores} cores, ${memoryGib} GiB; Node ${versions.node}, Redis ${versions.redis}, ` +
      `${packages.join(", ")}; Spinach at commit ${versions.commit}.`,
  ];
}

function settingsLines(settings: typeof PEER_SETTINGS): readonly string[] {
  const rows = settings.map(([setting, reason]) => `| ${setting} | ${reason} |`);
  return ["| setting | reason |", "| --- | --- |", ...rows];
}

const results = readResults("full");
const measured = CHAPTERS.map((chapter) => ({ chapter, result: results[chapter.scenario] })).filter(
  (each): each is ReportedScenario => each.result !== undefined,
);
const environments = new Set(
  measured.map(({ result }) => environmentLines(result.environment).join("\n")),
);
if (measured.length === 0) throw new Error("nothing was measured yet: run npm run bench first");
const sections = [
  INTRODUCTION,
  [...environments].join("\n\n"),
  ...measured.map((each) => chapterLines(each).join("\n")),
  METHOD,
  FLOOR,
  ["## Settings of BullMQ", "", ...settingsLines(PEER_SETTINGS)].join("\n"),
  ["## Settings of Piscina and Tinypool", "", ...settingsLines(POOL_SETTINGS)].join("\n"),
  ["## Settings of Spinach", "", ...settingsLines(OWN_SETTINGS)].join("\n"),
];
writeFileSync(FILE, `${sections.join("\n\n")}\n`);
