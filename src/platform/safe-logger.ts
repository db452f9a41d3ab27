import { isThenable } from "../core/is-thenable.ts";
import { describeThrown } from "../core/thrown.ts";
import { childLogger, type Logger, type LogLevel, type LogMethod } from "./logger.ts";

/**
 * A logger in front of another whose faults end here: a full disk must not take jobs along. A line that cannot be
 * written because of what users' code has thrown into it is written with texts instead.
 */
export function safeLogger(logger: Logger): Logger {
  const safe =
    (level: LogLevel): LogMethod =>
    (fields, message) => {
      if (!writes(logger, level, fields, message)) writes(logger, level, asTexts(fields), message);
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

/** Returns whether the logger took the line. */
function writes(logger: Logger, level: LogLevel, fields: object, message: string): boolean {
  try {
    // An async logger may reject: nobody else would hear of that, and the process would end.
    const returned: unknown = logger[level](fields, message);
    if (isThenable(returned)) returned.then(undefined, () => undefined);
    return true;
  } catch {
    return false;
  }
}

/** What can be said of fields that throw when they are looked at. */
function asTexts(fields: object): object {
  const texts: Record<string, string> = {};
  try {
    for (const name of Object.keys(fields)) texts[name] = describeThrown(Reflect.get(fields, name));
  } catch {
    // The line itself says the rest.
  }
  return texts;
}
