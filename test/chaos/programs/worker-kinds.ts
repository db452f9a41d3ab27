import { AsyncWorkers, ThreadWorkers, type Workers } from "spinach";

import type { WorkersName } from "./child.ts";

/** Jobs at once: coroutines, and threads. */
const NUMBER = { coroutines: 24, threads: 4 };

export function makeWorkers(kind: WorkersName): Workers {
  switch (kind) {
    case "async":
      return new AsyncWorkers({ number: NUMBER.coroutines });
    case "loops":
      return new AsyncWorkers({ number: NUMBER.coroutines, threads: 2 });
    case "threads":
      return new ThreadWorkers({ number: NUMBER.threads });
  }
}
