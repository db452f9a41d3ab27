import { AsyncWorkers, Engine, MemoryBroker } from "spinach";

import { parseCommandLine, usage, UsageError } from "./command-line.ts";
import { demoLogger } from "./demo-logger.ts";
import { fileTask } from "./file-jobs.ts";
import { Ledger } from "./ledger.ts";
import { Progress } from "./progress.ts";
import { report } from "./report.ts";
import { scheduleFiles } from "./schedule-files.ts";
import { StopRequest } from "./stop-request.ts";

const COROUTINES = 256;

/** Runs the demo, and returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const request = await parseCommandLine(args);
  if (request.kind === "run") return measureFolder(request.folder);
  process.stdout.write(usage());
  return 0;
}

async function measureFolder(folder: string): Promise<number> {
  const ledger = new Ledger();
  const stop = new StopRequest(() => {
    ledger.interrupt();
  });
  const progress = new Progress(ledger, process.stdout);
  progress.start();
  try {
    await runJobs(folder, ledger, progress);
  } finally {
    progress.stop();
  }
  if (stop.exitCode !== undefined) process.stdout.write("Stopped before the end; so far:\n\n");
  process.stdout.write(report(ledger, folder));
  return stop.exitCode ?? (ledger.failures.length > 0 ? 1 : 0);
}

async function runJobs(folder: string, ledger: Ledger, progress: Progress): Promise<void> {
  const logger = demoLogger(() => {
    progress.clear();
  });
  const spin = new Engine(new MemoryBroker(), { logger });
  const measure = fileTask(spin, ledger);
  try {
    await spin.startWorkers({ workers: new AsyncWorkers({ number: COROUTINES }) });
    await scheduleFiles(folder, { spin, measure, ledger });
    progress.listed();
    await ledger.outstandingAtMost(0);
  } finally {
    await spin.close({ timeout: 0 });
  }
}

// A reader that has seen enough, such as `head`, is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`demo: ${error.message}`);
  process.exitCode = 2;
}
