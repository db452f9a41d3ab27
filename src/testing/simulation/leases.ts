import type { History } from "./history.ts";
import type { Network } from "./network.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { SimulatedServer } from "./simulated-server.ts";
import type { World } from "./world.ts";

/** How long a member may be silent, in ms. */
const LEASE_MS = 10_000;

/** A heartbeat comes this often, in ms. */
const BEAT_MS = 3300;

/** Who sweeps looks this often, in ms. */
const SWEEP_MS = 4000;

/** What leases are about. */
export interface LeaseParts {
  readonly world: World;
  readonly network: Network;
  readonly server: SimulatedServer;
  readonly history: History;
}

/**
 * The heartbeats and the sweeps of the cluster, in short: nothing is planned for a process that is well. One that
 * falls silent is given up after its lease, unless an outage explains it; when it is back its next heartbeat tells
 * it so.
 */
export class Leases {
  readonly #parts: LeaseParts;
  readonly #silentSinceMs = new Map<SimulatedProcess, number>();

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /** To be called when something has kept, or may keep, the heartbeats of a process from coming. */
  watch(process: SimulatedProcess, broker: SimulatedBroker): void {
    if (this.#silentSinceMs.has(process)) return;
    const { world } = this.#parts;
    this.#silentSinceMs.set(process, world.nowMs);
    this.#lookIn(LEASE_MS + world.between(0, SWEEP_MS), process, broker);
    this.#beatIn(world.between(0, BEAT_MS), process, broker);
  }

  #lookIn(delayMs: number, process: SimulatedProcess, broker: SimulatedBroker): void {
    const { world, network, server } = this.#parts;
    world.after(delayMs, undefined, () => {
      const sinceMs = this.#silentSinceMs.get(process);
      if (sinceMs === undefined) return;
      const fromMs = Math.max(sinceMs, network.outageUntilMs);
      if (world.nowMs - fromMs < LEASE_MS) {
        this.#lookIn(SWEEP_MS, process, broker);
        return;
      }
      for (const id of broker.ids) server.condemn(id);
      if (process.isBeating) return;
      this.#silentSinceMs.delete(process);
      this.watch(process, broker);
    });
  }

  /** The thread that beats is not held by a blocked event loop, but what it says is. */
  #beatIn(delayMs: number, process: SimulatedProcess, broker: SimulatedBroker): void {
    const { world, network } = this.#parts;
    world.after(delayMs, undefined, () => {
      if (process.isDead || process.hasLeft) return;
      if (!process.isBeating || !network.isConnected(process)) {
        this.#beatIn(BEAT_MS, process, broker);
        return;
      }
      this.#silentSinceMs.delete(process);
      world.after(network.latencyMs, process, () => {
        broker.beat();
      });
    });
  }
}
