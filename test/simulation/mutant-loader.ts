import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";

import type * as Simulation from "../../src/testing/simulation/simulate.ts";
import { planted } from "../mutants/mutant.ts";
import { type Mutant, MUTANTS } from "./mutants.ts";

const ROOT = new URL("../../src/", import.meta.url).href;
const SIMULATION = "../../src/testing/simulation/simulate.ts";
const MARK = "?mutant=";

let isHooked = false;

/** The simulation of a mutant: a copy of it, and of all that it imports. The originals stay as they are. */
export async function importMutant(name: string): Promise<typeof Simulation> {
  if (!isHooked) hook();
  isHooked = true;
  return (await import(`${SIMULATION}${MARK}${encodeURIComponent(name)}`)) as typeof Simulation;
}

/** From now on `?mutant=<name>` after the URL of a module of ours stands for its copy with the mutant's changes. */
function hook(): void {
  const byName = new Map(MUTANTS.map((mutant) => [mutant.name, mutant]));
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const name = context.parentURL?.split(MARK)[1];
      if (name === undefined || !resolved.url.startsWith(ROOT) || resolved.url.includes(MARK)) {
        return resolved;
      }
      return { ...resolved, url: `${resolved.url}${MARK}${name}` };
    },
    load(url, context, nextLoad) {
      const [path = "", name] = url.split(MARK);
      const mutant = name === undefined ? undefined : byName.get(decodeURIComponent(name));
      if (mutant === undefined) return nextLoad(url, context);
      return { format: "module", source: sourceFor(mutant, path), shortCircuit: true };
    },
  });
}

/** By URL: what Node runs of a file that no mutant changes. All mutants load it, and taking its types out takes long. */
const unchanged = new Map<string, string>();

function sourceFor(mutant: Mutant, url: string): string {
  const file = url.slice(ROOT.length);
  const isChanged = mutant.changes.some((change) => change.file === file);
  const known = isChanged ? undefined : unchanged.get(url);
  if (known !== undefined) return known;
  const source = stripTypeScriptTypes(changed(mutant, file, readFileSync(new URL(url), "utf8")));
  if (!isChanged) unchanged.set(url, source);
  return source;
}

/** The source of a file with the mutant's changes, each of which must have exactly one place. */
function changed({ name, changes }: Mutant, file: string, source: string): string {
  let text = source;
  for (const change of changes.filter((each) => each.file === file)) {
    text = planted(text, change, `src/${file}, mutant "${name}"`);
  }
  return text;
}
