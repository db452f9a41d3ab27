import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A `redis-server` of the tests' own, in a temporary folder. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Freezes it, or lets it go on: sockets stay open, nothing answers. */
  freeze(frozen: boolean): void;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const READY = "Ready to accept connections";

/** Starts a server on a free port of 127.0.0.1. @param flags - more arguments of redis-server */
export async function startRedis(...flags: readonly string[]): Promise<TestRedis> {
  ensureInstalled();
  const folder = mkdtempSync(join(tmpdir(), "spinach-redis-"));
  const port = await freePort();
  let server = await launch(port, folder, flags);
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    restart: async () => {
      server = await launch(port, folder, flags);
    },
    freeze: (frozen) => {
      server.kill(frozen ? "SIGSTOP" : "SIGCONT");
    },
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function launch(
  port: number,
  folder: string,
  flags: readonly string[],
): Promise<ChildProcess> {
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const server = spawn("redis-server", [...args, ...flags], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let log = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.stdout.on("data", (chunk) => {
    log += String(chunk);
    if (log.includes(READY)) resolve();
  });
  server.once("exit", () => {
    reject(new Error(`redis-server did not start:\n${log}`));
  });
  await promise;
  // A test that fails must not leave its server behind.
  process.once("exit", () => server.kill("SIGKILL"));
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

function ensureInstalled(): void {
  if (spawnSync("redis-server", ["--version"]).status === 0) return;
  throw new Error("the tests need redis-server: `npm test` installs it, or says how");
}
