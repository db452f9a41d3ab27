/** A process that does nothing but work, as a user's would be: it loads the contender and no more of the harness. */
import type { Setup } from "./contender.ts";
import { type ContenderName, loadContender } from "./contenders.ts";

/** What it is to do: its argument, as JSON. */
export interface WorkerOrder {
  readonly contender: ContenderName;
  readonly setup: Setup;
  readonly concurrency: number;
}

/** What it tells. Times are in ms since 1970, which the processes of a machine share. */
export type WorkerNews =
  | { readonly kind: "ready"; readonly rss: number }
  | { readonly kind: "ran"; readonly jobs: number; readonly firstMs: number }
  | { readonly kind: "idle"; readonly rss: number }
  | { readonly kind: "ended"; readonly indices: Uint32Array; readonly timesMs: Float64Array };

/** What it is told: to say how much memory it has now, or to end. */
export type WorkerCall = "measure" | "stop";

/** Seldom enough to cost nothing. */
const NEWS_MS = 5;

const order = JSON.parse(process.argv[2] ?? "") as WorkerOrder;
const contender = await loadContender(order.contender, order.setup);
const indices: number[] = [];
const timesMs: number[] = [];

await contender.open();
await contender.startWorkers(order.concurrency, (index) => {
  indices.push(index);
  timesMs.push(performance.timeOrigin + performance.now());
});
tell({ kind: "ready", rss: process.memoryUsage.rss() });

let told = 0;
const news = setInterval(() => {
  if (indices.length === told) return;
  told = indices.length;
  tell({ kind: "ran", jobs: told, firstMs: timesMs[0] ?? 0 });
}, NEWS_MS);

process.on("message", (call: WorkerCall) => {
  if (call === "measure") tell({ kind: "idle", rss: process.memoryUsage.rss() });
  else void end();
});

async function end(): Promise<void> {
  clearInterval(news);
  await contender.close();
  const ended = { indices: Uint32Array.from(indices), timesMs: Float64Array.from(timesMs) };
  process.send?.({ kind: "ended", ...ended } satisfies WorkerNews, () => process.exit());
}

function tell(what: WorkerNews): void {
  process.send?.(what);
}
