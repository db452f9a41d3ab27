/** What a job costs on the wire to Redis: commands, requests and bytes. Counted, not timed. */
import { setTimeout as sleep } from "node:timers/promises";

import { loadContender } from "../lib/contenders.ts";
import { filled } from "../lib/fill.ts";
import {
  amount,
  type Case,
  type Figures,
  type Mode,
  type Run,
  sameLoads,
  type Scenario,
} from "../lib/scenario.ts";
import { Tally } from "../lib/tally.ts";
import { RedisMonitor } from "../servers/redis-monitor.ts";

const CONTENDERS = ["spinach", "bullmq", "bee-queue", "platformatic", "floor"] as const;

/** What the harness itself sends. */
const OWN_COMMANDS = /"(?:info|llen|monitor|exists)"/iv;

/** In which the server tells the monitor of its last commands. */
const SETTLE_MS = 300;

function cases(mode: Mode): readonly Case[] {
  const jobs = mode === "full" ? 20_000 : 500;
  const common = { runs: 1, warmUp: false };
  const all = [
    { id: "wire-enqueue", loads: sameLoads(CONTENDERS, { jobs, concurrency: 0 }), ...common },
    { id: "wire-process-1", loads: sameLoads(CONTENDERS, { jobs, concurrency: 1 }), ...common },
    { id: "wire-process-256", loads: sameLoads(CONTENDERS, { jobs, concurrency: 256 }), ...common },
  ];
  return mode === "full" ? all : all.slice(0, 1);
}

async function measure(run: Run): Promise<Figures> {
  const concurrency = amount(run.load, "concurrency");
  return concurrency === 0 ? enqueueAll(run) : processAll(run, concurrency);
}

async function enqueueAll(run: Run): Promise<Figures> {
  const jobs = amount(run.load, "jobs");
  const contender = await loadContender(run.contender, run.setup);
  await contender.open();
  const figures = await counted(run, async () => {
    for (let index = 0; index < jobs; index += 1) await contender.enqueueOne(index);
  });
  await contender.close();
  return figures;
}

/** With all that starting and ending the workers costs. */
async function processAll(run: Run, concurrency: number): Promise<Figures> {
  const jobs = amount(run.load, "jobs");
  const contender = await filled(run, jobs);
  const tally = new Tally(jobs);
  const figures = await counted(run, async () => {
    await contender.startWorkers(concurrency, (index) => tally.note(index));
    await tally.done;
    await contender.close();
  });
  tally.expectEachOnce();
  return figures;
}

async function counted({ setup, look, load }: Run, act: () => Promise<void>): Promise<Figures> {
  const jobs = amount(load, "jobs");
  const before = await look.redis.traffic();
  const monitor = await RedisMonitor.start(setup.redisPort, OWN_COMMANDS);
  await act();
  await sleep(SETTLE_MS);
  const after = await look.redis.traffic();
  monitor.close();
  return {
    requests: monitor.sent / jobs,
    commands: (monitor.sent + monitor.inScripts) / jobs,
    sentBytes: (after.received - before.received) / jobs,
    receivedBytes: (after.sent - before.sent - monitor.bytes) / jobs,
  };
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "Commands, trips and bytes",
    text:
      "Per job, counted over 20,000 jobs: by `MONITOR` the commands that clients send, and those that run in all, inside scripts too; " +
      "by `INFO stats` the bytes that Redis receives and sends. Scheduling is one call after the other; processing includes the start and " +
      "the end of the workers. A request is a trip unless the client sends several at once.",
    rivals: ["bullmq"],
    measures: (
      [
        ["wire-enqueue", "schedule"],
        ["wire-process-1", "process, 1 at once"],
        ["wire-process-256", "process, 256 at once"],
      ] as const
    ).flatMap(([id, title]) => [
      { id: [id, "requests"] as const, title: `${title}: requests`, unit: "per job" },
      { id: [id, "commands"] as const, title: `${title}: commands`, unit: "per job" },
      { id: [id, "sentBytes"] as const, title: `${title}: to Redis`, unit: "bytes/job" },
      { id: [id, "receivedBytes"] as const, title: `${title}: from Redis`, unit: "bytes/job" },
    ]),
  },
};
