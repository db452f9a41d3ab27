import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort } from "./free-port.ts";

/** A `redis-server` of the benchmark's own. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
}

const READY = "Ready to accept connections";

/** Starts one on a free port of 127.0.0.1, in a temporary folder, without persistence. */
export async function startRedis(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "spinach-bench-"));
  const port = await freePort();
  const options = {
    port: String(port),
    bind: "127.0.0.1",
    dir: folder,
    save: "",
    appendonly: "no",
  };
  const flags = Object.entries({ ...options, "maxmemory-policy": "noeviction" });
  const server = spawn(
    "redis-server",
    flags.flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const stop = (): void => {
    server.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", stop);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let log = "";
  server.stdout.on("data", (chunk) => {
    log += String(chunk);
    if (log.includes(READY)) resolve();
  });
  server.once("error", (cause) => {
    reject(new Error("redis-server cannot be started: install Redis 6.2 or later", { cause }));
  });
  server.once("exit", () => reject(new Error(`redis-server did not start:\n${log}`)));
  await promise;
  const dispose = async (): Promise<void> => {
    const gone = once(server, "exit");
    process.off("exit", stop);
    stop();
    await gone;
  };
  return { port, [Symbol.asyncDispose]: dispose };
}
