/** A thread that takes and puts until it is terminated. */
import { parentPort, workerData } from "node:worker_threads";

import { Queuey, type QueueyHandle } from "../../../src/queuey.ts";
import { type LedgerItem, work } from "./ledger.ts";

export interface VictimData {
  readonly handle: QueueyHandle;
  readonly isAsync: boolean;
  readonly ledger: Int32Array;
}

// oxlint-disable-next-line typescript/no-unsafe-assignment -- what the test starts it with
const { handle, isAsync, ledger }: VictimData = workerData;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
parentPort?.postMessage("works");
await work(Queuey.attach<LedgerItem>(handle), ledger, isAsync);
