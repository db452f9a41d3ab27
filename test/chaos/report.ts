import type { ChaosOptions, ChaosResult } from "./chaos-run.ts";
import type { FaultWindow } from "./fault.ts";
import type { History, JobHistory } from "./history.ts";
import { LOAD_NAMES, loadTask, PERIODS } from "./load.ts";
import { endingOf } from "./rules/all-end.ts";
import { ALL_RULES } from "./rules/all-rules.ts";
import { mostAtOnce } from "./rules/limits-kept.ts";
import { reasonsOfReruns } from "./rules/reruns-explained.ts";
import { takeoversInCalm } from "./takeovers.ts";

/** Most jobs of one violation, and most violations of one rule, that are told in full. */
const TOLD = 3;

/** What a run has shown, for people. */
export function report(options: ChaosOptions, result: ChaosResult): string {
  const { history, windows, violations, drainedMs, folder } = result;
  const { store, workers, seed, durationMs, rate, leaseMs } = options;
  const sections = [
    `Chaos on ${store}, ${workers} workers: ${(durationMs / 60_000).toFixed(1)} min, seed ${seed}, ${rate} jobs/s, lease ${leaseMs} ms`,
    table(["fault", "times", "longest"], faultRows(windows)),
    table(
      [
        "task",
        "acked",
        "unknown",
        "refused",
        "runs",
        "ok",
        "failed",
        "unstarted",
        "lost with store",
        "at once",
      ],
      LOAD_NAMES.map((name) => taskRow(history, name)),
    ),
    table(["periodic task", "period", "runs"], periodicRows(history)),
    table(["why a job ran again", "times"], rows(reasonsOfReruns(history))),
    processLine(history),
    takeoverLine(history, windows),
    `Drained ${seconds(drainedMs)} after the faults.`,
    ...violationLines(result),
    ...(folder === undefined ? [] : [`Journals and logs: ${folder}`]),
    violations.size === 0
      ? `Kept: all of ${ALL_RULES.length + 2} rules.`
      : `Broken: ${violations.size} rules.`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function faultRows(windows: readonly FaultWindow[]): ReadonlyArray<readonly string[]> {
  const byName = Map.groupBy(windows, ({ name }) => name);
  return [...byName]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, all]) => {
      const longest = Math.max(...all.map(({ sinceMs, untilMs }) => untilMs - sinceMs));
      return [name, String(all.length), seconds(longest)];
    });
}

function taskRow(history: History, name: string): readonly string[] {
  const jobs = [...history.jobs.values()].filter(({ task }) => task === name);
  const fates = countBy(jobs, ({ fate }) => fate);
  const endings = countBy(jobs, (job) => endingOf(history, job));
  const limit = loadTask(name)?.maxConcurrency;
  const counts = [
    fates.get("acknowledged"),
    fates.get("unknown"),
    fates.get("refused"),
    jobs.reduce((sum, { runs }) => sum + runs.length, 0),
    endings.get("succeeded"),
    endings.get("failed"),
    endings.get("never started"),
    endings.get("lost with the store"),
  ];
  const most = mostAtOnce(history, name).most;
  return [name, ...counts.map((count = 0) => String(count)), `${most} of ${limit ?? "any"}`];
}

function periodicRows({ periodic }: History): ReadonlyArray<readonly string[]> {
  const runs = countBy(periodic, ({ task }) => task);
  return Object.entries(PERIODS).map(([name, periodMs]) => [
    name,
    seconds(periodMs),
    String(runs.get(name) ?? 0),
  ]);
}

function processLine({ lives, losses, rescued, threadDeaths }: History): string {
  const all = [...lives.values()];
  const stops = all.filter(({ endedBy }) => endedBy === "stop");
  const slowest = Math.max(0, ...stops.map(({ stopMs = 0 }) => stopMs));
  const lost = [...losses.values()].flat().length;
  return (
    `Processes: ${all.length} started, ${stops.length} stopped (slowest ${seconds(slowest)}), ` +
    `${lost} leases lost, ${rescued} jobs taken over, ${threadDeaths} threads ended by a job.`
  );
}

function takeoverLine(history: History, windows: readonly FaultWindow[]): string {
  const waits = takeoversInCalm(history, windows);
  if (waits.length === 0) return "No job was taken over in a calm.";
  const longest = seconds(Math.max(...waits));
  return `${waits.length} jobs of killed processes ran elsewhere in a calm, ${longest} after the kill at most.`;
}

function violationLines({ violations }: ChaosResult): readonly string[] {
  return [...violations].map(([title, found]) => {
    const told = found.slice(0, TOLD).map(({ message, jobs }) => {
      return [`  ${message}`, ...jobs.slice(0, TOLD).map(story)].join("\n");
    });
    return [`BROKEN ${title}: ${found.length} times`, ...told].join("\n");
  });
}

/** All that is known of a job. */
function story(job: JobHistory): string {
  const { key, task, id, fate, intendedAtMs, notBeforeMs, runs } = job;
  const lines = [`    ${task} ${key}, id ${id}, ${fate}, intended at ${ms(intendedAtMs)}`];
  if (notBeforeMs !== undefined) lines.push(`      for ${new Date(notBeforeMs).toISOString()}`);
  for (const { process, attempt, atMs, endedAtMs, how } of runs) {
    const end = endedAtMs === undefined ? "no end" : `${how} at ${ms(endedAtMs)}`;
    lines.push(`      attempt ${attempt} on ${process}: from ${ms(atMs)}, ${end}`);
  }
  return lines.join("\n");
}

function ms(value: number): string {
  return value.toFixed(1);
}

function seconds(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, number> {
  const groups = Map.groupBy(items, keyOf);
  return new Map([...groups].map(([key, group]) => [key, group.length]));
}

function rows(counts: ReadonlyMap<string, number>): ReadonlyArray<readonly string[]> {
  return [...counts].map(([name, count]) => [name, String(count)]);
}

function table(head: readonly string[], body: ReadonlyArray<readonly string[]>): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ");
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...body.map(line)].join(
    "\n",
  );
}
