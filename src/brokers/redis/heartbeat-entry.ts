/** The heartbeat thread of a Redis broker. */
import { workerData } from "node:worker_threads";

import { decodeHead, decodeJob } from "../../core/job-codec.ts";
import { askProcess, serveHeartbeat, threadRuntime } from "../heartbeat/serve-heartbeat.ts";
import { RedisConnection } from "./connection.ts";
import type { RedisHeartbeatData } from "./heartbeat-data.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type HeldText, idsHeldBy, pagesHeldBy } from "./held-texts.ts";
import { ProcessAnswers } from "./process-answers.ts";
import { RedisKeys } from "./redis-keys.ts";
import { targetInThread } from "./thread-target.ts";

function run(data: RedisHeartbeatData): void {
  const runtime = threadRuntime();
  const keys = new RedisKeys(data.namespace);
  // A beat that hangs must leave time for others within the lease.
  const callTimeoutMs = Math.min(data.callTimeoutMs, data.leaseMs / 4);
  // Half of it: what is known when the process does not answer must be used in time.
  const answers = new ProcessAnswers({ runtime, timeoutMs: callTimeoutMs / 2, ask: askProcess });
  const connection = new RedisConnection({
    purpose: "heartbeat",
    target: targetInThread(data.target, answers),
    quarantine: keys.fixed.quarantine,
    runtime,
    callTimeoutMs,
    // After an outage, whoever is back first waits a lease for the others to show themselves.
    maxPauseMs: Math.min(2000, data.leaseMs / 4),
  });
  const { leaseMs, namespace, hostName } = data;
  serveHeartbeat(data, {
    open: () => connection.open(),
    makeHeartbeat: (signs, listener) =>
      new Heartbeat({
        runtime,
        keys,
        connection,
        leaseMs,
        namespace,
        hostName,
        ...signs,
        listener,
      }),
    noticed: (notice) => {
      if (notice.type === "answer" || notice.type === "noAnswer") answers.answered(notice);
      else if (notice.type === "probe") connection.probe();
      else if (notice.server === undefined || notice.server !== connection.server) {
        connection.lookAgain();
      }
    },
    heldTasks: async (brokerId) => {
      const held = { connection, keys, brokerId };
      const names: string[] = [];
      for await (const page of pagesHeldBy(held, await idsHeldBy(held), true)) {
        names.push(...page.flatMap(taskNames));
      }
      return names;
    },
  });
}

function taskNames({ text, isHead }: HeldText): readonly string[] {
  try {
    const { job } = isHead ? decodeHead(text) : decodeJob(text);
    return [job.taskName];
  } catch {
    return [];
  }
}

// oxlint-disable-next-line typescript/no-unsafe-argument -- what HeartbeatThread starts it with
run(workerData);
