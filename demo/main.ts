import { randomUUID } from "node:crypto";

import { AsyncWorkers, type Broker, Engine, MemoryBroker } from "spinach";
import { RedisBroker } from "spinach/redis";

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
  if (request.kind === "run") return measureFolder(request.folder, request.broker);
  process.stdout.write(usage());
  return 0;
}

async function measureFolder(folder: string, broker: string): Promise<number> {
  const ledger = new Ledger();
  const stop = new StopRequest(() => {
    ledger.interrupt();
  });
  const progress = new Progress(ledger, process.stdout);
  progress.start();
  try {
    await runJobs(makeEngine(broker, progress), folder, { ledger, progress });
  } finally {
    progress.stop();
  }
  if (stop.exitCode !== undefined) process.stdout.write("Stopped before the end; so far:\n\n");
  process.stdout.write(report(ledger, folder));
  return stop.exitCode ?? (ledger.failures.length > 0 ? 1 : 0);
}

function makeEngine(kind: string, progress: Progress): Engine {
  const logger = demoLogger(() => {
    progress.clear();
  });
  const broker: Broker = kind === "memory" ? new MemoryBroker() : new RedisBroker(kind);
  // Of its own: what an earlier run left, with other files, is not this one's.
  return new Engine(broker, { logger, namespace: `spinach-demo-${randomUUID()}` });
}

async function runJobs(
  spin: Engine,
  folder: string,
  { ledger, progress }: { readonly ledger: Ledger; readonly progress: Progress },
): Promise<void> {
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
