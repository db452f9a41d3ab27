import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { RedisKeys } from "../../src/brokers/redis/redis-keys.ts";
import type { Random } from "../../src/testing/seeded-random.ts";
import { type Fault, pause, SERVER } from "./fault.ts";
import { ALL_RIGHTS, type RedisServers, USER } from "./redis-servers.ts";

const LUA = join(import.meta.dirname, "../../lua");

/** What our side sends beside what the scripts call. */
const SENT = ["EVALSHA", "SUBSCRIBE", "PING"];

/** Rights that are missing for seconds, and come back: somebody edits the user that our processes connect as. */
export function rightsFaults(
  servers: RedisServers,
  { namespace, leaseMs }: { readonly namespace: string; readonly leaseMs: number },
): readonly Fault[] {
  const without = (name: string, rights: (random: Random) => readonly string[]): Fault => ({
    name,
    targets: [SERVER],
    strike: async (_, random) => {
      await servers.callBoth("ACL", "SETUSER", USER.name, ...rights(random));
      await pause(random, 0.1 * leaseMs, leaseMs);
      await giveAllRights(servers);
      return true;
    },
  });
  const commands = commandsOfScripts();
  const keys = prefixesOfKeys(namespace);
  return [
    without("rights: a command is missing", (random) => [`-${pick(commands, random)}`]),
    without("rights: the channel is missing", () => ["resetchannels"]),
    without("rights: a key pattern is missing", (random) => [
      "resetkeys",
      ...patternsBut(pick(keys, random)).map((pattern) => `~${pattern}`),
    ]),
  ];
}

export async function giveAllRights(servers: RedisServers): Promise<void> {
  await servers.callBoth("ACL", "SETUSER", USER.name, ...ALL_RIGHTS);
}

/** All that our processes need, in lower case. */
export function commandsOfScripts(): readonly string[] {
  const files = readdirSync(LUA, { recursive: true, encoding: "utf8" });
  const texts = files
    .filter((file) => file.endsWith(".lua"))
    .map((file) => readFileSync(join(LUA, file), "utf8"));
  const called = texts.flatMap((text) =>
    [...text.matchAll(/call\('(?<name>[A-Z]+)'/gv)].map(({ groups }) => groups?.["name"] ?? ""),
  );
  const names = [...called, ...SENT].map((name) => name.toLowerCase());
  return [...new Set(names)].toSorted();
}

/** How the name of each kind of key begins. */
function prefixesOfKeys(namespace: string): readonly string[] {
  const keys = new RedisKeys(namespace);
  return [
    ...Object.values({ ...keys.fixed }),
    keys.running(""),
    keys.idleBrokers(""),
    keys.producer(""),
    keys.queue("spinach"),
    keys.queue("own"),
  ];
}

/** Patterns of all names that do not begin so: there are none that exclude. */
export function patternsBut(prefix: string): readonly string[] {
  return Array.from(prefix, (character, index) => `${prefix.slice(0, index)}[^${character}]*`);
}

function pick(texts: readonly string[], random: Random): string {
  return texts[Math.floor(random() * texts.length)] ?? "";
}
