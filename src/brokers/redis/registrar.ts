import type { TaskDefinition } from "../../core/task.ts";
import type { Runtime } from "../../platform/runtime.ts";
import type { RedisConnection } from "./connection.ts";
import { register, registerCodes } from "./lua-scripts.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { array, textArray } from "./replies.ts";
import { statedTasks } from "./stated-tasks.ts";

/**
 * How long the periods and limits of a task are remembered that no process registers any more, in s; time in which
 * no process registers any task does not count.
 */
const TASKS_REMEMBERED_S = 3600;

/** The parts that a registrar works with. */
export interface RegistrarParts {
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  readonly runtime: Runtime;
}

/** Registers the tasks of this process, and has the running jobs of limited ones counted. */
export class Registrar {
  readonly #parts: RegistrarParts;
  #isCounting = false;
  /** Of this process, from its first registration on. */
  #joinNumber = 0;

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
  }

  /** Resolves to whether the broker is one of the cluster; otherwise there is no effect. */
  async register(brokerId: string, tasks: readonly TaskDefinition[]): Promise<boolean> {
    const { keys, connection } = this.#parts;
    const { count, fields } = statedTasks(tasks);
    const brokers: string[] = [];
    for (;;) {
      const call = register(
        { ...keys.fixed, running: brokers.map((id) => keys.running(id)) },
        {
          brokerId,
          channel: keys.channel,
          rememberedS: TASKS_REMEMBERED_S,
          joinNumber: this.#joinNumber,
          taskCount: count,
          tasks: [...fields, ...brokers],
        },
      );
      const [code, ...others] = array(await connection.run(call));
      if (code === registerCodes.LOST) return false;
      const [first = "", ...rest] = textArray(others);
      if (code === registerCodes.REGISTERED) {
        this.#joinNumber = Math.max(this.#joinNumber, Number(first));
        return true;
      }
      brokers.push(first, ...rest);
    }
  }

  /** Not awaited: the script that counts wakes the processes whose jobs wait for it. */
  countAgain(brokerId: string): void {
    if (this.#isCounting) return;
    this.#isCounting = true;
    this.register(brokerId, [])
      .catch((error: unknown) => {
        const { logger } = this.#parts.runtime;
        logger.warn({ err: error }, "jobs of limited tasks wait: what runs could not be counted");
      })
      .finally(() => {
        this.#isCounting = false;
      });
  }
}
