import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";

import {
  AsyncWorkers,
  type Broker,
  BrokerError,
  Engine,
  MemoryBroker,
  ThreadWorkers,
  type Workers,
} from "spinach";
import { RedisBroker } from "spinach/redis";
import { SqliteBroker } from "spinach/sqlite";

import {
  type ChosenBroker,
  parseCommandLine,
  usage,
  UsageError,
  type WorkersChoice,
} from "./command-line.ts";
import { demoLogger } from "./demo-logger.ts";
import { keepLedger } from "./file-jobs.ts";
import { tasks } from "./file-tasks.ts";
import { Ledger } from "./ledger.ts";
import { Progress } from "./progress.ts";
import { report } from "./report.ts";
import { scheduleFiles } from "./schedule-files.ts";
import { allDone } from "./shared-file.ts";
import { speedUp } from "./speed-up.ts";
import { StopRequest } from "./stop-request.ts";

const COROUTINES = 256;

const NAMESPACE = "spinach-demo";

/** Runs the demo, and returns its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const request = await parseCommandLine(args);
  if (request.kind === "run") return measureFolder(request);
  process.stdout.write(usage());
  return 0;
}

interface Choice {
  readonly folder: string;
  readonly broker: ChosenBroker;
  readonly workers: WorkersChoice;
}

async function measureFolder({ folder, broker, workers }: Choice): Promise<number> {
  const ledger = new Ledger({ isShared: broker.kind === "sqlite" });
  const stop = new StopRequest(() => {
    ledger.interrupt();
  });
  const progress = new Progress(ledger, process.stdout);
  progress.start();
  try {
    const spin = makeEngine(broker, progress);
    await runJobs(spin, folder, { broker, ledger, progress, workers: makeWorkers(workers) });
  } finally {
    progress.stop();
  }
  if (stop.exitCode !== undefined) process.stdout.write("Stopped before the end; so far:\n\n");
  process.stdout.write(report(ledger, folder));
  if (workers === "threads" && stop.exitCode === undefined) {
    process.stdout.write(await speedUp(ledger.sample, availableParallelism()));
  }
  return stop.exitCode ?? (ledger.failures.length > 0 ? 1 : 0);
}

function makeEngine(chosen: ChosenBroker, progress: Progress): Engine {
  const logger = demoLogger(() => {
    progress.clear();
  });
  // Where a run ends with its own jobs, what an earlier one left, with other files, is not its own.
  const namespace = chosen.kind === "sqlite" ? NAMESPACE : `${NAMESPACE}-${randomUUID()}`;
  return new Engine(makeBroker(chosen), { logger, namespace });
}

function makeBroker(chosen: ChosenBroker): Broker {
  switch (chosen.kind) {
    case "memory":
      return new MemoryBroker();
    case "sqlite":
      return new SqliteBroker(chosen.path);
    case "redis":
      return new RedisBroker(chosen.url);
  }
}

function makeWorkers(kind: WorkersChoice): Workers {
  return kind === "async" ? new AsyncWorkers({ number: COROUTINES }) : new ThreadWorkers();
}

interface Run {
  readonly broker: ChosenBroker;
  readonly ledger: Ledger;
  readonly progress: Progress;
  readonly workers: Workers;
}

async function runJobs(
  spin: Engine,
  folder: string,
  { broker, ledger, progress, workers }: Run,
): Promise<void> {
  spin.attachTasks(tasks);
  const stopKeeping = keepLedger(spin, ledger);
  try {
    await spin.startWorkers({ workers });
    await scheduleFiles(folder, { spin, ledger });
    progress.listed();
    if (broker.kind === "sqlite") await allDone(broker.path, NAMESPACE, ledger);
    else await ledger.outstandingAtMost(0);
  } finally {
    await spin.close({ timeout: 0 });
    stopKeeping();
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
  if (!(error instanceof UsageError || error instanceof BrokerError)) throw error;
  console.error(`demo: ${error.message}`);
  process.exitCode = 2;
}
