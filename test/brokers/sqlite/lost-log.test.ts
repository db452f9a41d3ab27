/** What becomes of workers whose process cannot be trusted with the file any more: only a restart mends it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";

import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { RecordingLogger } from "../../../src/testing/recording-logger.ts";
import { until, within } from "../../../src/testing/waits.ts";
import { AsyncWorkers } from "../../../src/workers/async-workers.ts";
import { jobsSeenElsewhere, loseLocks } from "./second-library.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { startWorkerProcess } from "./worker-process.ts";

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

const INDEX = new URL("../../../src/index.ts", import.meta.url).href;
const SQLITE = new URL("../../../src/sqlite.ts", import.meta.url).href;

/** Another process schedules a job, which nobody keeps from it. */
function scheduleElsewhere(path: string, index: number): void {
  const program = `
    import { Engine } from "${INDEX}";
    import { SqliteBroker } from "${SQLITE}";
    const spin = new Engine(new SqliteBroker(${JSON.stringify(path)}));
    spin.task("retried", { maxRetries: 3 }, () => undefined);
    await spin.schedule("retried", ${index});
    await spin.close();`;
  const args = ["--conditions=spinach-source", "--input-type=module", "-e", program];
  execFileSync(process.execPath, args, { timeout: 30_000 });
}

test(
  "workers whose log was removed end what runs, fetch nothing, and leave all to other processes",
  { timeout: 60_000 },
  async () => {
    const path = folder.file("workers.db");
    const logger = new RecordingLogger();
    await using spin = new Engine(new SqliteBroker(path, { lease: 1000 }), { logger });
    const started = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const ended: number[] = [];
    const retried = spin.task("retried", { maxRetries: 3 }, async (index: number) => {
      started.resolve();
      await mayEnd.promise;
      ended.push(index);
    });
    await spin.schedule(retried, 0);
    const running = spin.run({ workers: new AsyncWorkers({ number: 2 }) });
    let hasRunEnded = false;
    void running.finally(() => (hasRunEnded = true));
    await within("the job to start", started.promise);
    loseLocks(path);
    assert.equal(jobsSeenElsewhere(path), 1);
    await until("an error tells of the log", () =>
      logger.lines.some(({ level, fields }) => {
        const { err }: { err?: unknown } = fields;
        return (
          level === "error" && err instanceof BrokerError && /-wal was removed/v.test(err.message)
        );
      }),
    );
    scheduleElsewhere(path, 1);
    mayEnd.resolve();
    await until("what runs ends", () => ended.length > 0);
    await using other = await startWorkerProcess(path, "end", { lease: 1000 });
    await other.printed(/^end [01]$/v, 2);
    assert.deepEqual(ended, [0], "here runs only what ran");
    assert.equal(hasRunEnded, false, "the application decides when to restart");
    await assert.rejects(spin.schedule(retried, 2), /-wal was removed.*restart this process/v);
    await within("the engine to close", spin.close());
    await running;
  },
);
