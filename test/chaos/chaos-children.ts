import { Child } from "./child-process.ts";
import type { Guard } from "./guard.ts";
import { monotonicMs } from "./journal.ts";
import type { ChildRequest, WorkersName } from "./programs/child.ts";
import type { ChaosStore } from "./store.ts";

/** The processes of a run, each with a way of its own to the store. */
export interface ChaosChildren {
  readonly workers: readonly Child[];
  readonly producer: Child;
  /** Starts workers and stops them at once, many times, and ends. */
  readonly starter: Child;
}

export interface ChaosChildrenParts {
  readonly guard: Guard;
  readonly store: ChaosStore;
  readonly workers: WorkersName;
  readonly seed: number;
  readonly rate: number;
  readonly durationMs: number;
}

const WORKERS = ["worker1", "worker2", "worker3", "worker4"] as const;

export async function makeChildren(parts: ChaosChildrenParts): Promise<ChaosChildren> {
  const { guard, store, workers: kind, seed, rate, durationMs } = parts;
  const ownUntilMs = monotonicMs() + durationMs;
  const make = async (name: string, program: string): Promise<Child> => {
    const address = await store.addressFor(name);
    const common = { address, workers: kind, rate, ownUntilMs, closing: false };
    const request = (life: number): ChildRequest => ({ ...common, seed: seed * 1000 + life });
    return new Child({ name, program, guard, request });
  };
  const workers: Child[] = [];
  for (const name of WORKERS) workers.push(await make(name, "worker"));
  return {
    workers,
    producer: await make("producer", "producer"),
    starter: await make("starter", "starter"),
  };
}

/** Works off what periodic tasks have made since, and takes their periods away. */
export async function closeAll({ guard, store, workers }: ChaosChildrenParts): Promise<Child> {
  const address = await store.addressFor("closer");
  const request = { address, workers, rate: 0, seed: 0, ownUntilMs: 0, closing: true };
  const closer = new Child({ name: "closer", program: "worker", guard, request: () => request });
  await closer.start();
  await closer.ended();
  return closer;
}
