import { type Fault, pause } from "./fault.ts";
import type { RedisServers } from "./redis-servers.ts";

/** What happens to a Redis server. */
export function redisFaults(
  servers: RedisServers,
  { leaseMs, onHandOver }: { readonly leaseMs: number; readonly onHandOver: () => void },
): readonly Fault[] {
  const targets = ["server"];
  const command = (name: string, ...args: readonly string[]): Fault => ({
    name,
    targets,
    strike: async () => {
      await servers.call(...args);
      return true;
    },
  });
  return [
    {
      name: "kill -9 of Redis",
      targets,
      strike: async (_, random) => {
        await servers.kill();
        await pause(random, 0, 0.7 * leaseMs);
        await servers.restart();
        return true;
      },
    },
    {
      name: "Redis empty after a kill",
      targets,
      empties: true,
      strike: async (_, random) => {
        const folder = await servers.folder();
        await servers.kill();
        await pause(random, 0, 0.7 * leaseMs);
        await servers.restartEmpty(folder);
        return true;
      },
    },
    { ...command("FLUSHALL", "FLUSHALL"), empties: true },
    {
      name: "Redis frozen",
      targets,
      strike: async (_, random) => {
        servers.freeze(true);
        await pause(random, 200, 1.2 * leaseMs);
        servers.freeze(false);
        return true;
      },
    },
    {
      name: "replica promoted",
      targets,
      strike: async () => {
        const isDone = await servers.handOver();
        if (isDone) onHandOver();
        return isDone;
      },
    },
    {
      name: "memory full",
      targets,
      strike: async (_, random) => {
        await servers.call("CONFIG", "SET", "maxmemory", "1");
        await pause(random, 500, 1500);
        await servers.call("CONFIG", "SET", "maxmemory", "0");
        return true;
      },
    },
    command("SCRIPT FLUSH", "SCRIPT", "FLUSH"),
    command("CLIENT KILL of commands", "CLIENT", "KILL", "TYPE", "normal"),
    command("CLIENT KILL of notifications", "CLIENT", "KILL", "TYPE", "pubsub"),
  ];
}
