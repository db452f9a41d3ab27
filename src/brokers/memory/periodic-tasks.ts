import type { TaskDefinition } from "../../core/task.ts";

/** A task that runs by itself, and when it does next. */
interface PeriodicTask {
  readonly name: string;
  readonly queue: string;
  readonly maxRetries: number;
  readonly periodicityMs: number;
  /** Epoch ms. */
  readonly nextAtMs: number;
}

/** The periodic tasks of a namespace, and when each is next due. */
export class PeriodicTasks {
  readonly #tasks = new Map<string, PeriodicTask>();

  /** When the earliest is due, epoch ms. There are few: a scan is cheaper than an index. */
  get nextAtMs(): number | undefined {
    let earliest: number | undefined;
    for (const { nextAtMs } of this.#tasks.values()) {
      if (earliest === undefined || nextAtMs < earliest) earliest = nextAtMs;
    }
    return earliest;
  }

  /** Takes in what a process says of its task; an unchanged period keeps its rhythm. */
  register({ name, queue, maxRetries, periodicityMs }: TaskDefinition, nowMs: number): void {
    if (periodicityMs === undefined) {
      this.#tasks.delete(name);
      return;
    }
    const known = this.#tasks.get(name);
    const nextAtMs =
      known?.periodicityMs === periodicityMs ? known.nextAtMs : nowMs + periodicityMs;
    this.#tasks.set(name, { name, queue, maxRetries, periodicityMs, nextAtMs });
  }

  /**
   * The tasks that are due, each once however many periods were missed, moved to their next period.
   * A task further away than its period is one whose clock was set back: it starts a new rhythm.
   */
  takeDue(nowMs: number): readonly PeriodicTask[] {
    const due: PeriodicTask[] = [];
    for (const task of this.#tasks.values()) {
      const { name, periodicityMs, nextAtMs } = task;
      if (nextAtMs <= nowMs) {
        const missed = Math.floor((nowMs - nextAtMs) / periodicityMs);
        this.#tasks.set(name, { ...task, nextAtMs: nextAtMs + (missed + 1) * periodicityMs });
        due.push(task);
      } else if (nextAtMs > nowMs + periodicityMs) {
        this.#tasks.set(name, { ...task, nextAtMs: nowMs + periodicityMs });
      }
    }
    return due;
  }
}
