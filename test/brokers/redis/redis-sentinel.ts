import { until } from "../../../src/testing/waits.ts";
import { inspect, type Inspector } from "./inspector.ts";
import { type RedisProcess, startRedisProcess } from "./redis-process.ts";

/** A primary with one replica, watched by sentinels. */
export interface TestSentinel {
  /** What the sentinels call the primary. */
  readonly name: string;
  readonly sentinels: ReadonlyArray<{ readonly host: string; readonly port: number }>;
  /** Asks the primary of now. */
  readonly call: (...args: readonly string[]) => Promise<unknown>;
  /** Resolves when the replica has all that was written before. */
  replicated(): Promise<void>;
  /** The sentinels make the replica the primary. Resolves when the old primary is a replica. */
  failover(): Promise<void>;
  /** The same by hand: the old primary keeps its connections, and refuses what writes. */
  switchByHand(): Promise<void>;
  /** Ends the primary as a crash does. Resolves when the replica is the primary. */
  killPrimary(): Promise<void>;
  stop(): Promise<void>;
}

interface Server {
  readonly process: RedisProcess;
  readonly inspector: Inspector;
}

const NAME = "main";
const HOST = "127.0.0.1";
const WATCHING = [
  ["down-after-milliseconds", "1000"],
  ["failover-timeout", "3000"],
] as const;

/** @param count - how many sentinels; most of them must agree that a primary is down */
export async function startSentinel(count: 1 | 3): Promise<TestSentinel> {
  const primary = await serverOf(startRedisProcess({ flags: FLAGS }));
  const port = String(primary.process.port);
  const replica = await serverOf(
    startRedisProcess({ flags: [...FLAGS, "--replicaof", HOST, port] }),
  );
  // A sentinel that has seen no replica looks again only after 10 s.
  await until("the replica follows", () => follows(replica));
  const quorum = String(Math.ceil(count / 2));
  const config = [
    `sentinel monitor ${NAME} ${HOST} ${port} ${quorum}`,
    ...WATCHING.map(([option, value]) => `sentinel ${option} ${NAME} ${value}`),
  ];
  const started = Array.from({ length: count }, () =>
    serverOf(startRedisProcess({ config, flags: ["--sentinel"] })),
  );
  const sentinels = await Promise.all(started);
  for (const { inspector } of sentinels) await hurry(inspector);
  await until("the sentinels know all", () => all(sentinels, knowsAll(count)));
  return new Watched({ servers: [primary, replica], sentinels, quorum });
}

/** A replica gets its first copy at once, not after the usual 5 s. */
const FLAGS = ["--repl-diskless-sync-delay", "0"];

async function serverOf(starting: Promise<RedisProcess>): Promise<Server> {
  const server = await starting;
  return { process: server, inspector: await inspect(server.url) };
}

/** A primary that was replaced is told so after 8 s otherwise. Redis 6.2 knows no such command. */
async function hurry({ call }: Inspector): Promise<void> {
  const periods = ["INFO-PERIOD", "500", "PUBLISH-PERIOD", "500"];
  await call("SENTINEL", "DEBUG", ...periods).catch(() => undefined);
}

async function all(
  servers: readonly Server[],
  check: (server: Server) => Promise<boolean>,
): Promise<boolean> {
  const checks = await Promise.all(servers.map((server) => check(server)));
  return checks.every(Boolean);
}

function knowsAll(count: number): (sentinel: Server) => Promise<boolean> {
  return async ({ inspector }) => {
    const replicas = await inspector.call("SENTINEL", "REPLICAS", NAME);
    const others = await inspector.call("SENTINEL", "SENTINELS", NAME);
    const [known, sentinels] = [replicas, others].map((list) => Array.isArray(list) && list.length);
    return known === 1 && sentinels === count - 1;
  };
}

async function roleOf({ inspector }: Server): Promise<unknown> {
  const reply = await inspector.call("ROLE");
  return Array.isArray(reply) ? reply[0] : undefined;
}

/** Whether it is a replica that has its first copy. */
async function follows({ inspector }: Server): Promise<boolean> {
  return String(await inspector.call("INFO", "replication")).includes("master_link_status:up");
}

interface WatchedParts {
  readonly servers: readonly Server[];
  readonly sentinels: readonly Server[];
  readonly quorum: string;
}

class Watched implements TestSentinel {
  readonly name: string = NAME;
  readonly sentinels: TestSentinel["sentinels"];
  readonly #parts: WatchedParts;

  constructor(parts: WatchedParts) {
    this.#parts = parts;
    this.sentinels = parts.sentinels.map(({ process: { port } }) => ({ host: HOST, port }));
  }

  readonly call = async (...args: readonly string[]): Promise<unknown> => {
    const { primary } = await this.#roles();
    return primary.inspector.call(...args);
  };

  async replicated(): Promise<void> {
    const { primary, replica } = await this.#roles();
    await until("the replica follows", () => follows(replica));
    await until("the replica has all", async () => {
      // WAIT speaks of the writes of its own connection, and those before.
      await primary.inspector.call("SET", "replicated", "1");
      return (await primary.inspector.call("WAIT", "1", "1000")) === 1;
    });
  }

  async failover(): Promise<void> {
    const { primary, replica } = await this.#roles();
    await until("a failover starts", async () => {
      await this.#parts.sentinels[0]?.inspector.call("SENTINEL", "FAILOVER", NAME);
      return true;
    });
    await this.#promoted(replica);
    await until("the old primary follows", () => follows(primary));
  }

  async switchByHand(): Promise<void> {
    const { primary, replica } = await this.#roles();
    await this.#tellAll("REMOVE");
    await replica.inspector.call("REPLICAOF", "NO", "ONE");
    await primary.inspector.call("REPLICAOF", HOST, String(replica.process.port));
    await until("the old primary follows", () => follows(primary));
    await this.#tellAll("MONITOR", HOST, String(replica.process.port), this.#parts.quorum);
    for (const setting of WATCHING) await this.#tellAll("SET", ...setting);
    await this.#promoted(replica);
    const { sentinels } = this.#parts;
    await until("the sentinels know all", () => all(sentinels, knowsAll(sentinels.length)));
  }

  async killPrimary(): Promise<void> {
    const { primary, replica } = await this.#roles();
    await primary.process.kill();
    await this.#promoted(replica);
  }

  async stop(): Promise<void> {
    const servers = [...this.#parts.servers, ...this.#parts.sentinels];
    for (const { inspector } of servers) inspector.close();
    await Promise.all(servers.map((server) => server.process.stop()));
  }

  async #tellAll(command: string, ...args: readonly string[]): Promise<void> {
    for (const { inspector } of this.#parts.sentinels) {
      await inspector.call("SENTINEL", command, NAME, ...args);
    }
  }

  /** Resolves when the server is the primary, and all sentinels say so. */
  async #promoted({ process: { port }, inspector }: Server): Promise<void> {
    await until("the replica is the primary", () =>
      all(this.#parts.sentinels, async (sentinel) => {
        const address = await sentinel.inspector.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME);
        return Array.isArray(address) && address[1] === String(port);
      }),
    );
    const [role] = [await inspector.call("ROLE")].flat();
    if (role !== "master") throw new Error(`the server that was promoted is a ${String(role)}`);
  }

  /** Who is what now, by their own word. */
  async #roles(): Promise<{ readonly primary: Server; readonly replica: Server }> {
    return until("one is the primary, the other its replica", async () => {
      const [first, second] = this.#parts.servers;
      if (first === undefined || second === undefined) return undefined;
      const roles = await Promise.allSettled([roleOf(first), roleOf(second)]);
      const [one, other] = roles.map((role) => role.status === "fulfilled" && role.value);
      if (one === "master" && other !== "master") return { primary: first, replica: second };
      if (other === "master" && one !== "master") return { primary: second, replica: first };
      return undefined;
    });
  }
}
