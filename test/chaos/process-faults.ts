import type { Child } from "./child-process.ts";
import { type Fault, pause } from "./fault.ts";

/** What process faults work on. */
export interface ProcessFaultsParts {
  readonly workers: readonly Child[];
  readonly producer: Child;
  readonly starter: Child;
  readonly leaseMs: number;
  /** Called after a process that runs jobs has ended, before it is started again. */
  readonly onEnded: (ended: Child) => Promise<void>;
}

/** What happens to processes. Whoever dies is started again. */
export function processFaults(parts: ProcessFaultsParts): readonly Fault[] {
  const { workers, producer, starter, leaseMs, onEnded } = parts;
  const byName = new Map([...workers, producer].map((child) => [child.name, child]));
  const find = (name: string): Child => {
    const child = byName.get(name);
    if (child === undefined) throw new Error(`there is no process ${name}`);
    return child;
  };
  const ofWorkers = workers.map(({ name }) => name);

  const frozen = (name: string, shortestMs: number, longestMs: number): Fault => ({
    name,
    targets: ofWorkers,
    strike: async (target, random) => {
      find(target).freeze(true);
      await pause(random, shortestMs, longestMs);
      find(target).freeze(false);
      return true;
    },
  });

  return [
    {
      name: "kill -9 of a worker",
      targets: ofWorkers,
      strike: async (target, random) => {
        const worker = find(target);
        await worker.kill();
        await onEnded(worker);
        await pause(random, 0, leaseMs);
        await worker.start();
        return true;
      },
    },
    {
      name: "kill -9 of the producer",
      targets: [producer.name],
      strike: async (_, random) => {
        await producer.kill();
        await pause(random, 0, 500);
        await producer.start();
        return true;
      },
    },
    {
      name: "stop of a worker (SIGTERM)",
      targets: ofWorkers,
      strike: async (target, random) => {
        const worker = find(target);
        await worker.stop();
        // It may have stopped while the store was away.
        await onEnded(worker);
        await pause(random, 0, 500);
        await worker.start();
        return true;
      },
    },
    {
      name: "starts that are stopped at once",
      targets: [starter.name],
      strike: async () => {
        await starter.runOnce();
        await onEnded(starter);
        return true;
      },
    },
    // Others look every 0.4 leases.
    frozen("worker frozen past its lease", 1.8 * leaseMs, 2.6 * leaseMs),
    frozen("worker frozen for less", 0.1 * leaseMs, 0.5 * leaseMs),
  ];
}
