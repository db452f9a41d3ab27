/** The jobs of our own threads. */
import { Tasks } from "spinach";

import { burn } from "./burn.ts";

export const tasks: Tasks = new Tasks({ module: import.meta.url });

tasks.task("noop", (index: number) => index);
tasks.task("burn", (rounds: number) => {
  burn(rounds);
});
