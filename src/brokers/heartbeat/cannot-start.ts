import { fileURLToPath } from "node:url";

import { BrokerError } from "../../core/errors.ts";

const REMEDIES: Readonly<Record<string, string>> = {
  ERR_ACCESS_DENIED:
    "with --permission, Node needs --allow-worker, and --allow-fs-read for the package",
  ERR_WORKER_OUT_OF_MEMORY: "raise the limits of memory",
};

/** What a bundle leaves behind. */
const NOT_FOUND: ReadonlySet<string> = new Set([
  "ENOENT",
  "ERR_MODULE_NOT_FOUND",
  "MODULE_NOT_FOUND",
]);

/**
 * A heartbeat thread ended before it had loaded. Without it nobody would keep the jobs of this process while its event
 * loop is blocked.
 * @param entry - the file that it runs
 */
export function cannotStart(entry: URL, cause: unknown): BrokerError {
  const code = codeOf(cause);
  const reason = cause instanceof Error ? cause.message : "it ended at once";
  const remedy = NOT_FOUND.has(code)
    ? `its file ${fileURLToPath(entry)}, or one that it imports, is missing: leave spinach out of the bundle ` +
      "(external of esbuild, Rollup and webpack, serverExternalPackages of Next.js)"
    : REMEDIES[code];
  return new BrokerError(
    `the heartbeat thread cannot start${remedy === undefined ? "" : `: ${remedy}`} (${reason})`,
    { cause },
  );
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
