import { test } from "node:test";

import { killAtRandom } from "./random-kills.ts";

/** For a longer run: `KILLS=200 SEED=7 node --conditions=spinach-source --test` and this file. */
const { KILLS = "12", SEED = "1" } = process.env;

test(`[G1] ${KILLS} kills at random moments: the ledger is exact, the file whole`, async (t) => {
  const report = await killAtRandom(Number(KILLS), Number(SEED));
  t.diagnostic(JSON.stringify(report));
});
