/** A short run of `npm run chaos`: each fault once or twice, and the ledger checked to the last job. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";

/** One storm and one calm, of four leases each. */
const ARGUMENTS = [
  "--minutes",
  "0.25",
  "--lease",
  "2000",
  "--every",
  "300",
  "--rate",
  "200",
  "--seed",
  "1",
  "--without",
  "rights,junk,thin line,empty,FLUSHALL",
];

/** Healing and draining included. */
const BOUND_MS = 240_000;

test("[G1] [G2] [G4] [G5] [G7] [G8] [G10] [G11] [G12] [G15] a short chaos on Redis ends with an exact ledger", async (t) => {
  const program = join(import.meta.dirname, "main.ts");
  const child = spawn(process.execPath, ["--conditions=spinach-source", program, ...ARGUMENTS], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: BOUND_MS,
  });
  const exited = once(child, "exit");
  const [report, log] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await exited;
  t.diagnostic(report);
  assert.equal(child.exitCode, 0, `${log}\n${report}`);
  assert.match(report, /^Kept: all of \d+ rules\.$/mv);
});
