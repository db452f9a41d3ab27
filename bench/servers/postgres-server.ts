import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { freePort } from "./free-port.ts";

export const NO_POSTGRES = "PostgreSQL is not installed here";

/** Where Debian and its kin put the programs of each version, out of the PATH. */
const DEBIAN = "/usr/lib/postgresql";

const READY = "ready to accept connections";

/**
 * Fair to what it is compared with: a Redis that keeps nothing through a power cut. Without these the speed of the
 * disk would be measured.
 */
export const SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  shared_buffers: "512MB",
  max_wal_size: "4GB",
  max_connections: "200",
} as const;

/** A PostgreSQL of the benchmark's own. */
export interface PostgresServer extends AsyncDisposable {
  readonly url: string;
}

/** The folder of its programs: of the PATH, or the newest that Debian has. */
export function findPostgres(): string | undefined {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => +b - +a) : [];
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...debian.map((version) => join(DEBIAN, version, "bin")),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")));
}

/** Starts one on a free port of 127.0.0.1, in a temporary folder. */
export async function startPostgres(programs: string): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "spinach-bench-postgres-"));
  const owner = unprivileged();
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const port = await freePort();
  const options = { ...owner, cwd: folder };
  const initialize = ["-D", folder, "-A", "trust", "-U", "bench", "--no-sync", "-E", "UTF8"];
  execFileSync(join(programs, "initdb"), initialize, { ...options, stdio: "pipe" });
  const flags = Object.entries({
    ...SETTINGS,
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folder,
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = spawn(join(programs, "postgres"), ["-D", folder, ...flags], {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stop = (): void => {
    // Ends at once, without a checkpoint; its children end with it.
    server.kill("SIGQUIT");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", stop);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let log = "";
  server.stderr.on("data", (chunk) => {
    if (!log.includes(READY)) log += String(chunk);
    if (log.includes(READY)) resolve();
  });
  server.once("error", reject);
  server.once("exit", () => reject(new Error(`postgres did not start:\n${log}`)));
  await promise;
  const dispose = async (): Promise<void> => {
    const gone = once(server, "exit");
    process.off("exit", stop);
    server.kill("SIGQUIT");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `postgres://bench@127.0.0.1:${port}/postgres`, [Symbol.asyncDispose]: dispose };
}

/** It refuses to run as root: then it runs as the user `postgres`, whom its package has made. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
