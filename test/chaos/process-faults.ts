import type { Child } from "./child-process.ts";
import { type Fault, pause } from "./fault.ts";

/** What process faults work on. */
export interface ProcessFaultsParts {
  readonly workers: readonly Child[];
  readonly producer: Child;
  readonly leaseMs: number;
  /** Called after a worker was killed, before it is started again. */
  readonly onKilled: (worker: Child) => Promise<void>;
}

/** What happens to processes. Whoever dies is started again. */
export function processFaults(parts: ProcessFaultsParts): readonly Fault[] {
  const { workers, producer, leaseMs, onKilled } = parts;
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
        await onKilled(worker);
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
        await find(target).stop();
        await pause(random, 0, 500);
        await find(target).start();
        return true;
      },
    },
    // Others look every 0.4 leases.
    frozen("worker frozen past its lease", 1.8 * leaseMs, 2.6 * leaseMs),
    frozen("worker frozen for less", 0.1 * leaseMs, 0.5 * leaseMs),
  ];
}
