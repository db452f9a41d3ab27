import type { ChaosProxy } from "./chaos-proxy.ts";
import { type Fault, networkOf, pause, processOf } from "./fault.ts";

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
    atOnce("reply cut in the middle", (proxy) => {
      proxy.tearReply();
    }),
    atOnce("reply lost", (proxy) => {
      proxy.loseReply();
    }),
  ];
}
