import { getSystemErrorMessage } from "node:util";

/** A file that could not be read, or a folder that could not be listed. */
export interface Failure {
  readonly path: string;
  readonly problem: string;
}

/**
 * Why reading failed, in a line without the path, which the messages of Node repeat unescaped.
 *
 * @param error - of Node, or one that has it as its cause
 */
export function describeProblem(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const { code, errno } = cause as NodeJS.ErrnoException;
  if (code === undefined || errno === undefined) return `${cause.name}: ${cause.message}`;
  return `${code}: ${getSystemErrorMessage(errno)}`;
}
