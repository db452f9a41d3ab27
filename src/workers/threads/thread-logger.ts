import type { Logger, LogLevel, LogMethod } from "../../platform/logger.ts";
import { type Crossing, decodeThrown, encodeThrown } from "./crossing-error.ts";
import type { FromThread } from "./protocol.ts";

/** Sends one message to the pool. @throws DataCloneError */
export type Post = (message: FromThread) => void;

/** A logger whose lines go to the pool. Lines below the levels that are written are not even built. */
export function threadLogger(
  post: Post,
  levels: readonly LogLevel[],
  bindings: object = {},
): Logger {
  const method = (level: LogLevel): LogMethod =>
    levels.includes(level)
      ? (fields, message) => {
          const encoded = encodeFields({ ...bindings, ...fields });
          post({ type: "log", level, fields: encoded, message });
        }
      : () => undefined;
  return {
    debug: method("debug"),
    info: method("info"),
    warn: method("warn"),
    error: method("error"),
    child: (more) => threadLogger(post, levels, { ...bindings, ...more }),
    isLevelEnabled: (level) => levels.some((written) => written === level),
  };
}

/** The levels that a logger writes, as far as it tells. */
export function levelsOf(isLogged: (level: LogLevel) => boolean): readonly LogLevel[] {
  return (["debug", "info", "warn", "error"] as const).filter(isLogged);
}

/** Every value as a {@link Crossing}: errors keep what they are, and what cannot be carried becomes text. */
function encodeFields(fields: object): Readonly<Record<string, Crossing>> {
  const encoded: Record<string, Crossing> = {};
  for (const [name, value] of Object.entries(fields)) encoded[name] = encodeThrown(value);
  return encoded;
}

/** The fields again. */
export function decodeFields(
  fields: Readonly<Record<string, Crossing>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, crossing]) => [name, decodeThrown(crossing)]),
  );
}
