import { spawnSync } from "node:child_process";

import { main } from "./run-command.ts";

/** Makes sure that there is a redis-server for the tests; installs Debian's where that is possible. */

function succeeds(command: string, args: readonly string[], stdio: "ignore" | "inherit"): boolean {
  return spawnSync(command, args, { stdio }).status === 0;
}

function installWithApt(): boolean {
  if (process.getuid?.() !== 0 || !succeeds("apt-get", ["--version"], "ignore")) return false;
  console.log("redis-server is missing: installing it with apt-get");
  process.env["DEBIAN_FRONTEND"] = "noninteractive";
  succeeds("apt-get", ["update", "-qq"], "inherit");
  return succeeds("apt-get", ["install", "-y", "-qq", "redis-server"], "inherit");
}

await main(async () => {
  if (succeeds("redis-server", ["--version"], "ignore") || installWithApt()) return;
  throw new Error(
    "The tests need redis-server 6.2 or later on the PATH. Debian, Ubuntu: sudo apt-get install " +
      "redis-server; macOS: brew install redis; Fedora: sudo dnf install redis.",
  );
});
