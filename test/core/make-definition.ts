import assert from "node:assert/strict";

import type { TaskDefinition, TaskFunction, TaskOptions } from "../../src/core/task.ts";
import { Tasks } from "../../src/core/tasks.ts";

/** What a registry makes of one task. */
export function makeDefinition(
  name: string,
  options: TaskOptions = {},
  fn: TaskFunction = () => undefined,
): TaskDefinition {
  const tasks = new Tasks();
  tasks.task(name, options, fn);
  const [definition] = tasks.definitions;
  assert(definition !== undefined);
  return definition;
}
