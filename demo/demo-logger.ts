import type { Logger, LogMethod } from "spinach";

/**
 * The engine's logger here: the ledger reports on jobs, so only other warnings and errors are
 * written, each after `makeRoom` took the progress line away.
 */
export function demoLogger(makeRoom: () => void): Logger {
  const write: LogMethod = (fields, message) => {
    if ("job" in fields) return;
    makeRoom();
    console.error(`spinach: ${message}`, fields);
  };
  return {
    debug: nothing,
    info: nothing,
    warn: write,
    error: write,
    isLevelEnabled: (level) => level === "warn" || level === "error",
  };
}

function nothing(): void {
  // Not for someone who watches.
}
