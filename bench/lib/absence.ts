import { findPostgres, NO_POSTGRES } from "../servers/postgres-server.ts";
import { type ContenderName, entryOf } from "./contenders.ts";
import { hasPythonSpinach, NO_PYTHON } from "./python.ts";

/** Why a contender cannot be measured on this machine, if so. */
export function absence(name: ContenderName): string | undefined {
  if (name.startsWith("python-") && !hasPythonSpinach()) return NO_PYTHON;
  const { store } = entryOf(name);
  return store === "postgres" && findPostgres() === undefined ? NO_POSTGRES : undefined;
}
