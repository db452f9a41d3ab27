import type { Random } from "../../src/testing/seeded-random.ts";
import type { Lane } from "../brokers/redis/lane.ts";
import type { ChaosProxy } from "./chaos-proxy.ts";
import { type Fault, networkOf, pause, processOf } from "./fault.ts";

/** A reply of that length brings jobs. */
const BRINGS_JOBS_BYTES = 300;

/**
 * A large job takes seconds over the thinnest line, longer than a call may be silent; the line carries what a worker
 * needs to do some work.
 */
const THIN_BYTES_PER_S = { least: 40_000, most: 200_000 };

/** Replies that one fault strikes. */
const REPLIES = 4;

/** What happens to the networks between processes and the server, by the name of the process. */
export function networkFaults(
  proxies: ReadonlyMap<string, ChaosProxy>,
  { leaseMs, latencyMs }: { readonly leaseMs: number; readonly latencyMs: number },
): readonly Fault[] {
  const targets = [...proxies.keys()].map(networkOf);
  const find = (target: string): ChaosProxy => {
    const proxy = proxies.get(processOf(target));
    if (proxy === undefined) throw new Error(`there is no ${target}`);
    return proxy;
  };
  const atOnce = (name: string, strike: (proxy: ChaosProxy) => void): Fault => ({
    name,
    targets,
    strike: async (target) => {
      strike(find(target));
      return true;
    },
  });
  const repeated = (
    name: string,
    strike: (proxy: ChaosProxy, leastBytes: number) => void,
  ): Fault => ({
    name,
    targets,
    strike: async (target, random) => {
      for (let time = 0; time < REPLIES; time += 1) {
        strike(find(target), random() < 0.7 ? BRINGS_JOBS_BYTES : 0);
        await pause(random, 100, 700);
      }
      return true;
    },
  });
  const thin = (name: string, lanesOf: (proxy: ChaosProxy) => readonly Lane[]): Fault => ({
    name,
    targets,
    strike: async (target, random) => {
      const lanes = lanesOf(find(target));
      for (const lane of lanes) lane.narrow(between(random, THIN_BYTES_PER_S));
      await pause(random, 2 * leaseMs, 5 * leaseMs);
      for (const lane of lanes) lane.narrow(Infinity);
      return true;
    },
  });
  return [
    atOnce("connections cut", (proxy) => {
      proxy.cut();
    }),
    {
      name: "all connections cut",
      targets: ["server"],
      strike: async () => {
        for (const proxy of proxies.values()) proxy.cut();
        return true;
      },
    },
    atOnce("connections half-open", (proxy) => {
      proxy.halfOpen();
    }),
    {
      name: "partition",
      targets,
      strike: async (target, random) => {
        const proxy = find(target);
        proxy.swallow(true);
        await pause(random, 0.2 * leaseMs, 2.5 * leaseMs);
        proxy.swallow(false);
        return true;
      },
    },
    {
      name: `latency of 1 to ${latencyMs} ms`,
      targets,
      strike: async (target, random) => {
        const proxy = find(target);
        proxy.delay(() => 1 + (latencyMs - 1) * random());
        await pause(random, 1000, 5000);
        proxy.delay(() => 0);
        return true;
      },
    },
    thin("thin line, from Redis", ({ down }) => [down]),
    thin("thin line, to Redis", ({ up }) => [up]),
    thin("thin line, both ways", ({ up, down }) => [up, down]),
    repeated("replies cut in the middle", (proxy, leastBytes) => {
      proxy.tearReply(leastBytes);
    }),
    repeated("replies lost", (proxy, leastBytes) => {
      proxy.loseReply(leastBytes);
    }),
  ];
}

function between(random: Random, { least, most }: typeof THIN_BYTES_PER_S): number {
  return least + (most - least) * random();
}
