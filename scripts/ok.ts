import { join } from "node:path";

import { main, run, together } from "./run-command.ts";

/** The one gate: every check, in order; stops at the first that fails and says what to do. */

const ROOT = join(import.meta.dirname, "..");
const BOUND_MS = 600_000;

interface Step {
  readonly name: string;
  /** Arguments of npm. */
  readonly npm: readonly string[];
  readonly remedy: string;
}

function step(script: string, remedy: string): Step {
  return { name: script, npm: ["run", "--silent", script], remedy };
}

/** Steps of one row run side by side; a row of one shows its output as it comes. */
const ROWS: ReadonlyArray<readonly Step[]> = [
  [
    step("format:check", "npm run format"),
    step("lint", "mend what it names; npm run lint -- --fix mends some"),
    step("types", "mend the type errors"),
    step("lua:check", "npm run lua"),
  ],
  [step("build", "mend the errors of tsc -p tsconfig.build.json")],
  [
    step("api", "npm run api -- --update, if the change of the API is meant"),
    step("knip", "remove what is unused, or tell knip.json why it is not"),
  ],
  [{ name: "test", npm: ["test"], remedy: "mend the test that fails; node --test FILE runs one" }],
  [step("examples", "mend the example; node --conditions=spinach-source FILE runs one")],
  [step("package-check", "mend the package as the message says")],
];

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

async function runStep({ name, npm, remedy }: Step, live: boolean): Promise<void> {
  if (live) console.log(`--- ${name}`);
  const startedMs = performance.now();
  const { ok, output } = await run("npm", npm, { cwd: ROOT, live, timeoutMs: BOUND_MS });
  if (ok) {
    console.log(`ok   ${name} ${seconds(startedMs)}`);
    return;
  }
  throw new Error(`${output}\nFAIL ${name} ${seconds(startedMs)}. What to do: ${remedy}.`);
}

await main(async () => {
  const startedMs = performance.now();
  for (const row of ROWS) await together(row.map((each) => runStep(each, row.length === 1)));
  console.log(`ok   everything ${seconds(startedMs)}`);
});
