import { figure } from "./figures.ts";
import { type Profile, readProfiles } from "./profiles.ts";
import { line } from "./report-tables.ts";

/** Parts that take less of the time are left out. */
const LEAST_SHARE = 0.015;

/** The section that tells where the time of a job goes. */
export function profileLines(): readonly string[] {
  const profiles = readProfiles();
  if (profiles.length === 0) return [];
  return [
    "## Where the time of a job goes",
    "",
    "By V8's CPU profiler, a sample each 200 us, after the first tenth of the jobs: `npm run profile`. Times of a module are its own, " +
      "without what it calls. The profiler itself slows all of it, so look at shares. `(idle)` waits for the server; `(program)` is Node itself, " +
      "such as reading and writing sockets.",
    "",
    "A parser that knew our own texts was tried instead of `JSON.parse`, and was no faster. Until trips overlapped with the jobs of the " +
      "trip before, the process was idle for 30% of the time, and so was Redis for as long as the jobs ran; since the jobs of a trip are " +
      "read while the next one is under way, reading them keeps Redis waiting no longer. The floor has the parser and the writing, too.",
    ...profiles.flatMap((profile) => ["", `### ${profile.title}`, "", ...tableOf(profile)]),
  ];
}

function tableOf({ jobs, parts }: Profile): readonly string[] {
  const total = parts.reduce((sum, { us }) => sum + us, 0);
  const rows = parts
    .filter(({ us }) => us / total >= LEAST_SHARE)
    .map(({ name, us, functions }) => {
      const most = functions.map(([each, time]) => `${each} ${share(time, total)}`).join(", ");
      return line([name, figure(us / jobs), share(us, total), name.startsWith("(") ? "" : most]);
    });
  return [
    line(["module", "us/job", "share", "functions"]),
    line(["---", "---", "---", "---"]),
    ...rows,
  ];
}

function share(us: number, total: number): string {
  return `${((100 * us) / total).toFixed(1)} %`;
}
