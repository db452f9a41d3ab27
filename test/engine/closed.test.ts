import assert from "node:assert/strict";
import { test } from "node:test";

import { Tasks } from "../../src/core/tasks.ts";
import { engineBench } from "./engine-bench.ts";

test("[G15] a closed engine hears of no registry any more, and refuses no name of its tasks", async () => {
  const { spin } = engineBench();
  const registry = new Tasks();
  spin.attachTasks(registry);
  spin.task("taken", () => undefined);
  assert.throws(() => registry.task("taken", () => undefined), RangeError);
  await spin.close();
  registry.task("taken", () => undefined);
});
