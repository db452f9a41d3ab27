import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { within } from "../../../src/testing/waits.ts";

/** One `redis-server` of the tests' own, in a temporary folder. */
export interface RedisProcess {
  readonly url: string;
  readonly port: number;
  /** Of the process; another one after a restart. */
  readonly pid: number | undefined;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Freezes it, or lets it go on: sockets stay open, nothing answers. */
  freeze(frozen: boolean): void;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** What it is started with. */
export interface RedisProcessOptions {
  /** More arguments of redis-server. */
  readonly flags?: readonly string[];
  /** Where its folder is made. @defaultValue that of temporary files */
  readonly parent?: string;
  /** Lines of a file of its own that it may rewrite, as a sentinel does. */
  readonly config?: readonly string[];
}

/** What it prints when it listens: a server, and a sentinel. */
const READY = /Ready to accept connections|Sentinel ID is/v;

/**
 * Ports are picked below those that systems give to clients, which could take one in between. The bus of
 * a cluster's node, 10,000 above, is there too.
 */
const PORTS = { first: 12_000, count: 10_000 };
const BUS_ABOVE = 10_000;

const HOST = "127.0.0.1";

/** Starts a server, or with the flag `--sentinel` a sentinel, on a free port of 127.0.0.1. */
export async function startRedisProcess(options: RedisProcessOptions = {}): Promise<RedisProcess> {
  ensureInstalled();
  const folder = mkdtempSync(join(options.parent ?? tmpdir(), "spinach-redis-"));
  const port = await freePort();
  const args = argumentsFor(options, folder, port);
  let server = await launch(args);
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  };
  return {
    url: `redis://${HOST}:${port}`,
    port,
    get pid() {
      return server.pid;
    },
    kill,
    restart: async () => {
      server = await launch(args);
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

function argumentsFor(
  { flags = [], config }: RedisProcessOptions,
  folder: string,
  port: number,
): readonly string[] {
  const settings = ["--port", String(port), "--bind", HOST, "--dir", folder];
  if (config === undefined)
    // Save points, which no test lives to see: a server without any is warned of.
    return [...settings, "--save", "3600 1", ...flags];
  const file = join(folder, "redis.conf");
  writeFileSync(file, `${config.join("\n")}\n`);
  return [file, ...settings, ...flags];
}

async function launch(args: readonly string[]): Promise<ChildProcess> {
  const server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "ignore"] });
  let log = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.stdout.on("data", (chunk) => {
    log += String(chunk);
    if (READY.test(log)) resolve();
  });
  server.once("exit", () => {
    reject(new Error(`redis-server did not start:\n${log}`));
  });
  // A test that fails must not leave its server behind.
  const kill = (): void => void server.kill("SIGKILL");
  process.once("exit", kill);
  server.once("exit", () => process.off("exit", kill));
  await within("redis-server is ready", promise);
  return server;
}

/** A port of 127.0.0.1 on which nobody listens, nor on that of its bus. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if ((await isFree(port)) && (await isFree(port + BUS_ABOVE))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, HOST);
  try {
    await once(probe, "listening");
  } catch {
    return false;
  }
  probe.close();
  await once(probe, "close");
  return true;
}

function ensureInstalled(): void {
  if (versionLine() !== undefined) return;
  throw new Error("the tests need redis-server: `npm test` installs it, or says how");
}

/** Of the `redis-server` that the tests start, 6 for example. */
export function majorVersion(): number {
  return Number(/v=(?<major>\d+)/v.exec(versionLine() ?? "")?.groups?.["major"]);
}

function versionLine(): string | undefined {
  const { status, stdout } = spawnSync("redis-server", ["--version"]);
  return status === 0 ? String(stdout) : undefined;
}
