import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { RedisKeys } from "../../src/brokers/redis/redis-keys.ts";
import { dealt } from "./dealt.ts";
import { type Fault, pause, SERVER } from "./fault.ts";
import { ALL_RIGHTS, type RedisServers, USER } from "./redis-servers.ts";

const LUA = join(import.meta.dirname, "../../lua");

/** So many rights, one after the other, at a time: a few strikes and each has had its turn. */
const PIECES = 10;

/** Longest time that one is missing, in leases; most are for much less. */
const LONGEST_LEASES = 0.8;

/** What our side sends beside what the scripts call. */
const SENT = ["EVALSHA", "SUBSCRIBE", "PING"];

/** Rights that are missing for seconds, and come back: somebody edits the user that our processes connect as. */
export function rightsFaults(
  servers: RedisServers,
  { namespace, leaseMs }: { readonly namespace: string; readonly leaseMs: number },
): readonly Fault[] {
  const without = (name: string, all: readonly Rights[]): Fault => {
    const draw = dealt(all);
    return {
      name,
      targets: [SERVER],
      strike: async (_, random) => {
        for (let count = 0; count < Math.min(PIECES, all.length); count += 1) {
          await servers.callBoth("ACL", "SETUSER", USER.name, ...draw(random));
          await pause(random, 0, LONGEST_LEASES * random() ** 2 * leaseMs);
          await giveAllRights(servers);
        }
        return true;
      },
    };
  };
  const commands = commandsOfScripts().map((command) => [`-${command}`]);
  const keys = prefixesOfKeys(namespace).map(keysBut);
  return [
    without("rights: a command is missing", commands),
    without("rights: the channel is missing", [["resetchannels"]]),
    without("rights: a key pattern is missing", keys),
  ];
}

/** What a right is taken away with, for `ACL SETUSER`. */
type Rights = readonly string[];

function keysBut(prefix: string): Rights {
  return ["resetkeys", ...patternsBut(prefix).map((pattern) => `~${pattern}`)];
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
