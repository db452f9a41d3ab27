import { BrokerError } from "../../core/errors.ts";
import type { RedisConnection } from "./connection.ts";
import { LUA_SCRIPTS, tryRights } from "./lua-scripts.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { textArray } from "./replies.ts";

/** What the rights are for. */
export type Role = "schedule jobs" | "have workers";

/** Commands of the scripts that each needs. */
const NEEDED: Readonly<Record<Role, readonly string[]>> = {
  "schedule jobs": commandsOf(({ name }) => name === "enqueue"),
  "have workers": commandsOf(({ name }) => name !== "try_rights"),
};

function commandsOf(isNeeded: (script: { readonly name: string }) => boolean): readonly string[] {
  const commands = LUA_SCRIPTS.filter(isNeeded).flatMap((script) => script.commands);
  return [...new Set(commands)].toSorted();
}

/** Tries, once for each role in a process, whether Redis lets this user run what it needs. */
export class Rights {
  readonly #connection: Pick<RedisConnection, "run">;
  readonly #keys: RedisKeys;
  readonly #checked = new Set<Role>();

  constructor(connection: Pick<RedisConnection, "run">, keys: RedisKeys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  /** Rejects with BrokerError, which names all rights that are missing, and how to give them. */
  async check(role: Role): Promise<void> {
    if (this.#checked.has(role)) return;
    const missing = await this.#missing(NEEDED[role]);
    if (missing === undefined) return;
    if (missing.length > 0) throw new BrokerError(this.#remedy(role, missing));
    this.#checked.add(role);
  }

  async #missing(commands: readonly string[]): Promise<readonly string[] | undefined> {
    const { channel, probe } = this.#keys;
    try {
      return textArray(await this.#connection.run(tryRights({ probe }, { channel, commands })));
    } catch {
      // Whatever it is, the calls to come tell of it.
      return undefined;
    }
  }

  #remedy(role: Role, missing: readonly string[]): string {
    const { pattern } = this.#keys;
    const rights = missing.map((command) => `+${command.toLowerCase()}`).join(" ");
    return (
      `Redis: this user may not ${role}: it has no right to ${missing.join(", ")} on the keys, or the channel, of the namespace: ` +
      `run ACL SETUSER <user> ~${pattern} &${pattern} ${rights}; the smallest rights are in docs/reliability.md`
    );
  }
}
