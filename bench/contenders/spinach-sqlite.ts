import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { SqliteBroker } from "spinach/sqlite";

import type { Setting, Setup } from "../lib/contender.ts";
import { OWN_SETTINGS, OwnEngine } from "./own-engine.ts";

export const SETTINGS: readonly Setting[] = OWN_SETTINGS;

export function create({ folder, payload }: Setup): OwnEngine {
  const path = join(folder, "jobs.db");
  return new OwnEngine({
    broker: new SqliteBroker(path),
    payload,
    waiting: async () => count(path, "spinach_ready"),
    left: async () => count(path, "spinach_jobs"),
  });
}

function count(path: string, table: string): number {
  const db = new DatabaseSync(path);
  const rows = db.prepare(`SELECT count(*) AS rows FROM ${table}`).get();
  db.close();
  return Number(rows?.["rows"]);
}
