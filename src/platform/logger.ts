/** Levels that Spinach writes at, from the least to the most important. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Writes one line: fields for machines, a message for people. */
export type LogMethod = (fields: object, message: string) => void;

/**
 * A pino-shaped logger: a pino instance is one. Where `isLevelEnabled` exists, nothing is computed
 * for a level that is off.
 */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  child?(bindings: object): Logger;
  isLevelEnabled?(level: string): boolean;
}

/** A logger whose every line also carries `bindings`. */
export function childLogger(logger: Logger, bindings: object): Logger {
  if (logger.child !== undefined) return logger.child(bindings);
  const bind =
    (level: LogLevel): LogMethod =>
    (fields, message) => {
      logger[level]({ ...bindings, ...fields }, message);
    };
  return { debug: bind("debug"), info: bind("info"), warn: bind("warn"), error: bind("error") };
}

/** Whether a line at this level would be written; a logger that cannot tell is asked each time. */
export function isLogged(logger: Logger, level: LogLevel): boolean {
  return logger.isLevelEnabled?.(level) ?? true;
}
