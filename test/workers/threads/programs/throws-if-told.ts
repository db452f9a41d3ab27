/** A module that threads can load until the environment of the process says otherwise. */
import { Tasks } from "spinach";

export const tasks: Tasks = new Tasks({ module: import.meta.url });

tasks.task("exit", () => {
  process.exit(3);
});
tasks.task("noop", () => undefined);

if (process.env["SPINACH_TEST_THROW"] === "1") throw new RangeError("told to throw");
