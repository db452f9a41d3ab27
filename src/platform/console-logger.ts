import type { Logger, LogMethod } from "./logger.ts";

/** The default: warnings and errors on stderr, nothing else. */
export const consoleLogger: Logger = makeConsoleLogger({});

function makeConsoleLogger(bindings: object): Logger {
  const write =
    (label: string): LogMethod =>
    (fields, message) => {
      console.error(`spinach ${label}: ${message}`, { ...bindings, ...fields });
    };
  return {
    debug: nothing,
    info: nothing,
    warn: write("warning"),
    error: write("error"),
    child: (more) => makeConsoleLogger({ ...bindings, ...more }),
    isLevelEnabled: (level) => level === "warn" || level === "error",
  };
}

function nothing(): void {
  // Below its level.
}
