import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import type { Addresses } from "../servers/servers.ts";
import type { Profile, ProfilePlan } from "./profiles.ts";

/** What the process of one profile is to do. */
export interface ProfileOrder extends ProfilePlan {
  readonly servers: Addresses;
}

/** Profiles in a process of its own, as a run of the benchmark is. */
export async function runProfile(order: ProfileOrder): Promise<Omit<Profile, "title">> {
  const program = join(import.meta.dirname, "profile-child.ts");
  const child = fork(program, [JSON.stringify(order)]);
  let profile: Omit<Profile, "title"> | undefined;
  child.once("message", (message) => {
    profile = message as Omit<Profile, "title">;
  });
  await once(child, "exit");
  if (profile !== undefined) return profile;
  throw new Error(`the profile "${order.title}" failed: see above`);
}
