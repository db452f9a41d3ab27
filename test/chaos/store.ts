import type { Child } from "./child-process.ts";
import type { Fault } from "./fault.ts";
import type { StoreAddress } from "./programs/child.ts";

/** What faults of a store need of the run. */
export interface FaultsContext {
  /** For those that meet a start. */
  readonly starter: Child;
  readonly log: (line: string) => void;
}

/** Where the jobs of a run are, and what can go wrong there. One a kind of broker. */
export interface ChaosStore {
  /** Makes the way of a process to the store. Faults strike the ways that were made before them. */
  addressFor(process: string): Promise<StoreAddress>;
  /** Faults of the store, and of the ways to it. */
  faults(context: FaultsContext): readonly Fault[];
  /** Ends what faults left behind. */
  heal(): Promise<void>;
  /** Jobs that have not ended: ready, to come, parked, held. */
  pending(): Promise<number>;
  /** Ids of the jobs that the store notes as a broker's. */
  held(brokerId: string): Promise<readonly string[]>;
  /**
   * What should not be there when all has ended, a line each.
   * @param stranded - ids of brokers that could not leave: without jobs they may be noted for a while
   */
  leftovers(stranded: ReadonlySet<string>): Promise<readonly string[]>;
  stop(): Promise<void>;
}
