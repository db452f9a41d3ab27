/** Where the time of a job goes: npm run profile writes results/profile.json, and docs/benchmarks.md anew. */
import { prepare } from "./lib/prepare.ts";
import { runProfile } from "./lib/profile-order.ts";
import { type Profile, PROFILES, writeProfiles } from "./lib/profiles.ts";
import { startServers } from "./servers/servers.ts";

prepare();
await using servers = await startServers(["redis"]);
const profiles: Profile[] = [];
for (const plan of PROFILES) {
  const { parts, jobs } = await runProfile({ ...plan, servers: servers.addresses });
  profiles.push({ title: plan.title, jobs, parts });
  console.log(plan.title);
  for (const { name, us } of parts.slice(0, 12))
    console.log(`  ${(us / jobs).toFixed(3)} us  ${name}`);
}
writeProfiles(profiles);
await import("./report.ts");
