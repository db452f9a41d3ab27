import assert from "node:assert/strict";
import { test } from "node:test";

import { SqliteBroker } from "../../../src/brokers/sqlite/sqlite-broker.ts";

test("a call waits no longer than the engine waits for it", () => {
  assert.throws(
    () => new SqliteBroker("jobs.db", { callTimeout: 10_001 }),
    /callTimeout.*10_?,?000/v,
  );
  assert.doesNotThrow(() => new SqliteBroker("jobs.db", { callTimeout: 10_000 }));
});
