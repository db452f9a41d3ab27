/** Whatever state a process lets go of Redis in, nothing keeps it alive. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";

import { startRedis, type TestRedis } from "./redis-server.ts";

let redis: TestRedis;

before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

const STATES = [
  "while TLS is being agreed upon",
  "while the server says nothing",
  "after a connection was cut as it became ready",
  "after a connection was cut as it subscribed again",
  "when its connection was just cut",
  "while it pauses before it connects again",
  "with a call under way on a half-open connection",
  "as a worker whose connections were just cut",
  "as a worker whose connections are half open",
  "as a worker that is joining a server that says nothing",
  "as a worker that asks a server for its rights that says nothing",
  "as a worker that has just come back",
  "as a broker that is used while it stops, and after",
];

describe(
  "a process that closes what it has of Redis ends by itself [G15]",
  { concurrency: 2 },
  () => {
    for (const state of STATES) {
      test(state, async () => {
        const program = join(import.meta.dirname, "programs/leaver.ts");
        const child = spawn(process.execPath, [program, String(redis.port), state], {
          stdio: ["ignore", "pipe", "inherit"],
          timeout: 60_000,
        });
        const exited = once(child, "exit");
        assert.equal(await text(child.stdout), "");
        assert.deepEqual(await exited, [0, null]);
      });
    }
  },
);
