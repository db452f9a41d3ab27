import { runChaos } from "./chaos-run.ts";
import { parseCommandLine, usage, UsageError } from "./command-line.ts";
import { report } from "./report.ts";

/** Runs chaos, and returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseCommandLine(args);
  if (options === undefined) {
    process.stdout.write(usage());
    return 0;
  }
  const result = await runChaos(options, (line) => {
    console.error(line);
  });
  process.stdout.write(report(options, result));
  return result.violations.size === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`chaos: ${error.message}`);
  process.exitCode = 2;
}
