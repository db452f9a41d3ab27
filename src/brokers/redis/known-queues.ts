/**
 * Most queues of due jobs that are remembered: where each user has a queue, say, they must not become more for
 * ever. The tick asks for those that it lacks.
 */
const MAX_DUE_QUEUES = 100;

/** The queues whose keys a tick is told of: those of the tasks here, and the last ones that due jobs were of. */
export class KnownQueues {
  #ofTasks: readonly string[] = [];
  readonly #ofDueJobs = new Set<string>();

  get all(): readonly string[] {
    return [...new Set([...this.#ofTasks, ...this.#ofDueJobs])];
  }

  set ofTasks(queues: readonly string[]) {
    this.#ofTasks = queues;
  }

  /** Jobs of them were due. */
  wereDue(queues: readonly string[]): void {
    for (const queue of queues) this.#ofDueJobs.add(queue);
    for (const oldest of this.#ofDueJobs) {
      if (this.#ofDueJobs.size <= MAX_DUE_QUEUES) return;
      this.#ofDueJobs.delete(oldest);
    }
  }
}
