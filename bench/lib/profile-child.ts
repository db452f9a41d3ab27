/** The process of one profile. Its argument is a `ProfileOrder`; it sends the times of the jobs after the first tenth. */
import { Look } from "../servers/look.ts";
import { entryOf, loadContender } from "./contenders.ts";
import { CpuProfile, type ProfilePart } from "./cpu-profile.ts";
import { filled } from "./fill.ts";
import type { ProfileOrder } from "./profile-order.ts";
import { Tally } from "./tally.ts";

const WARM_PART = 0.1;
const BATCH = 1000;

const order = JSON.parse(process.argv[2] ?? "") as ProfileOrder;
const { contender, servers, jobs, concurrency } = order;
const look = new Look(servers, entryOf(contender).store);
const setup = { ...servers, folder: "", payload: "" };
const warm = Math.ceil(jobs * WARM_PART);
const profile = new CpuProfile();

await look.flush();
const parts = await (concurrency === 0 ? scheduleAll() : runAll());
await look.flush();
await look.close();
process.send?.({ parts, jobs: jobs - warm }, () => process.exit());

async function runAll(): Promise<readonly ProfilePart[]> {
  const worker = await filled({ contender, setup, look, load: {} }, jobs);
  const tally = new Tally(jobs);
  await worker.startWorkers(concurrency, (index) => {
    tally.note(index);
    if (tally.ran === warm) void profile.start();
  });
  await tally.done;
  const found = await profile.stop();
  await worker.close();
  tally.expectEachOnce();
  return found;
}

async function scheduleAll(): Promise<readonly ProfilePart[]> {
  const producer = await loadContender(contender, setup);
  await producer.open();
  for (let first = 0; first < jobs; first += BATCH) {
    if (first === warm) await profile.start();
    await producer.enqueueBatch(first, BATCH);
  }
  const found = await profile.stop();
  await producer.close();
  return found;
}
