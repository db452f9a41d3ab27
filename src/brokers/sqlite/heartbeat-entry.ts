/** The heartbeat thread of an SQLite broker, with a connection of its own. */
import { workerData } from "node:worker_threads";

import { isDead } from "../../platform/process-identity.ts";
import { serveHeartbeat, threadRuntime } from "../heartbeat/serve-heartbeat.ts";
import { findBroker, heldTasks } from "./brokers-table.ts";
import type { SqliteHeartbeatData } from "./heartbeat-data.ts";
import { Heartbeat } from "./heartbeat.ts";
import { OpenFile } from "./open-file.ts";
import { notStarted } from "./transactions.ts";

function run(data: SqliteHeartbeatData): void {
  const runtime = threadRuntime();
  const { path, namespace, options } = data;
  let opened: OpenFile | undefined;
  const file = (): OpenFile => {
    if (opened === undefined) throw notStarted(path);
    return opened;
  };
  serveHeartbeat(data, {
    open: async () => {
      opened = await OpenFile.open({ path, namespace, runtime, options, mustExist: true });
    },
    makeHeartbeat: (signs, listener) =>
      new Heartbeat({
        file: {
          read: (what, body) => file().read(what, body),
          write: (what, body) => file().write(what, body),
          shortenLog: () => file().shortenLog(),
        },
        runtime,
        leaseMs: options.lease,
        isProcessAlive: signs.isProcessAlive,
        listener,
        isDead,
      }),
    heldTasks: (brokerId) =>
      file().read("looking at jobs", ({ space }) => {
        const broker = findBroker(space, brokerId);
        return broker === undefined ? [] : heldTasks(space, broker);
      }),
  });
}

// oxlint-disable-next-line typescript/no-unsafe-argument -- what HeartbeatThread starts it with
run(workerData);
