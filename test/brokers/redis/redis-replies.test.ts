/** A real Redis that answers no command for a while: how an engine goes on by itself. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { until } from "../../../src/testing/waits.ts";
import {
  busyWorkers,
  JOBS,
  meetTrouble,
  refusal,
  survived,
  type Troubled,
} from "./busy-workers.ts";
import { majorVersion } from "./redis-process.ts";

/** Of a server with FILL in it: loading takes about a second, and after each 2 MiB it answers others. */
const SLOW_TO_LOAD = ["--key-load-delay", "1000", "--rdbcompression", "no"];
const FILL = "for i = 1, 800 do redis.call('SET', 'fill-' .. i, string.rep('x', 100000)) end";

/** Redis 6.2 allows DEBUG to everybody, and refuses an option that it does not know. */
const WITH_DEBUG = majorVersion() < 7 ? [] : ["--enable-debug-command", "yes"];

/** Waits until Redis answers everybody so. */
async function answers({ probe }: Troubled, reply: RegExp): Promise<void> {
  await until(`Redis answers ${String(reply)}`, async () => {
    const answer = await probe.call("GET", "x").catch(String);
    return reply.test(String(answer));
  });
}

/** Calls schedule(); the answer tells whether it is still under way. */
function schedulesInTrouble({ bench }: Troubled): {
  promise: Promise<unknown>;
  isPending: boolean;
} {
  const call = { promise: bench.spin.schedule("at most once", JOBS), isPending: true };
  const settled = (): void => {
    call.isPending = false;
  };
  call.promise.then(settled, settled);
  return call;
}

/** Waits for what Redis must refuse. */
async function refused(call: Promise<unknown>): Promise<void> {
  await assert.rejects(call);
}

async function saveStatus({ probe }: Troubled, status: string): Promise<boolean> {
  const info = String(await probe.call("INFO", "persistence"));
  return info.includes(`rdb_last_bgsave_status:${status}`);
}

async function configured({ probe }: Troubled, name: string): Promise<string> {
  const reply = (await probe.call("CONFIG", "GET", name)) as object;
  return String(Object.values(reply).at(-1));
}

/** Each refusal makes the broker look for another server. */
async function manyConnectionsLater({ probe }: Troubled): Promise<void> {
  const connections = async (): Promise<number> => {
    const info = String(await probe.call("INFO", "stats"));
    return Number(/total_connections_received:(?<count>\d+)/v.exec(info)?.groups?.["count"]);
  };
  const enough = (await connections()) + 4;
  await until("it has looked some more", async () => (await connections()) >= enough);
}

describe("[G12] workers go on by themselves, and each job runs once, after", () => {
  test("LOADING of a server that reads its data again", async () => {
    await using it = await busyWorkers(...WITH_DEBUG, ...SLOW_TO_LOAD);
    const { inspector } = it;
    await inspector.call("EVAL", FILL, "0");
    const reloading = inspector.call("DEBUG", "RELOAD");
    await answers(it, /LOADING/v);
    const scheduling = schedulesInTrouble(it);
    await meetTrouble(it, /LOADING/v);
    assert.ok(scheduling.isPending);
    await reloading;
    await scheduling.promise;
    await survived(it);
  });

  test("a restart that takes its time to load", async () => {
    await using it = await busyWorkers(...SLOW_TO_LOAD);
    const { inspector, redis } = it;
    await inspector.call("EVAL", FILL, "0");
    await inspector.call("SAVE");
    await redis.kill();
    const restarting = redis.restart();
    await answers(it, /LOADING/v);
    const scheduling = schedulesInTrouble(it);
    await meetTrouble(it, /./v);
    assert.ok(scheduling.isPending);
    await restarting;
    await scheduling.promise;
    await survived(it);
  });

  test("BUSY with a script that does not end", async () => {
    await using it = await busyWorkers("--lua-time-limit", "5");
    const { inspector, probe } = it;
    const looping = refused(inspector.call("EVAL", "while true do end", "0"));
    await answers(it, /BUSY/v);
    const scheduling = schedulesInTrouble(it);
    await meetTrouble(it, /BUSY/v);
    assert.ok(scheduling.isPending);
    await probe.call("SCRIPT", "KILL");
    await looping;
    await scheduling.promise;
    await survived(it);
  });

  test("READONLY of a server that became a replica, and is the primary again", async () => {
    await using it = await busyWorkers();
    const { inspector } = it;
    // Of nobody: it keeps what it has.
    await inspector.call("REPLICAOF", "127.0.0.1", "1");
    const scheduling = schedulesInTrouble(it);
    await meetTrouble(it, /READONLY/v);
    await manyConnectionsLater(it);
    assert.ok(scheduling.isPending);
    await inspector.call("REPLICAOF", "NO", "ONE");
    await scheduling.promise;
    await survived(it);
  });

  test("MISCONF of a server that cannot save; schedule() says at once what to do", async () => {
    await using it = await busyWorkers();
    const { inspector } = it;
    // Only a server that saves by itself stops writes when it cannot.
    await inspector.call("CONFIG", "SET", "save", "3600 1");
    const dump = join(await configured(it, "dir"), "dump.rdb");
    // A folder cannot be replaced by a file.
    mkdirSync(join(dump, "in the way"), { recursive: true });
    await inspector.call("BGSAVE");
    await until("Redis cannot save", () => saveStatus(it, "err"));
    await refusal(it.bench.spin.schedule("at most once", JOBS), /MISCONF.*free space/v);
    await meetTrouble(it, /MISCONF/v);
    rmSync(dump, { recursive: true });
    await inspector.call("BGSAVE");
    await until("Redis can save", () => saveStatus(it, "ok"));
    await survived(it, JOBS);
  });
});
