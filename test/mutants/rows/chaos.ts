import type { Mutant } from "../mutant.ts";

const KIND = "a script that fails midway: an undo that is not proved before";
const ATOMICITY = "test/brokers/redis/script-atomicity.test.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: KIND,
    file: "lua/lib/parked.lua",
    from: "  if last > 0 then prove_parking(members[1]) end\n",
    to: "",
    test: ATOMICITY,
  },
  {
    kind: KIND,
    file: "lua/exchange.lua",
    from: "    if rest then rest.save() end\n    hold_taken()\n",
    to: "    hold_taken()\n    if rest then rest.save() end\n",
    test: ATOMICITY,
  },
];
