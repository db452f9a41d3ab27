import { childLogger, type Logger, type LogMethod } from "./logger.ts";

/** A logger in front of another whose faults end here: a full disk must not take jobs along. */
export function safeLogger(logger: Logger): Logger {
  const safe =
    (level: "debug" | "info" | "warn" | "error"): LogMethod =>
    (fields, message) => {
      try {
        logger[level](fields, message);
      } catch {
        // There is nowhere left to say so.
      }
    };
  return {
    debug: safe("debug"),
    info: safe("info"),
    warn: safe("warn"),
    error: safe("error"),
    child: (bindings) => {
      try {
        return safeLogger(childLogger(logger, bindings));
      } catch {
        return safeLogger(logger);
      }
    },
    isLevelEnabled: (level) => {
      try {
        return logger.isLevelEnabled?.(level) ?? true;
      } catch {
        return true;
      }
    },
  };
}
