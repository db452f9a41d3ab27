import { createClient } from "@redis/client";

/** A client of the tests' own, to look at what a broker leaves. */
export interface Inspector {
  readonly call: (...args: readonly string[]) => Promise<unknown>;
  keys(namespace: string): Promise<string[]>;
  /** How often each command was called since the last reset, those inside scripts included. */
  commandCounts(): Promise<Record<string, number>>;
  resetCounts(): Promise<void>;
  /** What is published from now on. */
  messages(channel: string): Promise<string[]>;
  /** Bytes that all clients have sent and received until now. */
  traffic(): Promise<{ readonly sent: number; readonly received: number }>;
  close(): void;
}

/** What an inspector itself makes the server count: Redis 6.2 knows no subcommands there. */
const OWN: ReadonlySet<string> = new Set(["info", "config", "config|resetstat"]);

export async function inspect(url: string): Promise<Inspector> {
  const client = createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  const call = async (...args: readonly string[]): Promise<unknown> => {
    const reply: unknown = await client.sendCommand([...args]);
    return reply;
  };
  return {
    call,
    keys: async (namespace) => [...(await client.keys(`${namespace}/*`))].toSorted(),
    commandCounts: async () => {
      const stats = String(await call("INFO", "commandstats"));
      const lines = stats.matchAll(/cmdstat_(?<name>[\w\|]+):calls=(?<calls>\d+)/gv);
      const counts = [...lines].map(
        ({ groups }) => [groups?.["name"] ?? "", Number(groups?.["calls"])] as const,
      );
      return Object.fromEntries(counts.filter(([name]) => !OWN.has(name)));
    },
    resetCounts: async () => {
      await call("CONFIG", "RESETSTAT");
    },
    messages: async (channel) => {
      const heard: string[] = [];
      await client.subscribe(channel, (message) => {
        heard.push(message);
      });
      return heard;
    },
    traffic: async () => {
      const info = String(await call("INFO", "stats"));
      const of = (name: string): number =>
        Number(info.split(`total_net_${name}_bytes:`)[1]?.split("\r")[0]);
      return { sent: of("input"), received: of("output") };
    },
    close: () => {
      client.destroy();
    },
  };
}
