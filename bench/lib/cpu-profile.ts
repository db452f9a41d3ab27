import { type Profiler, Session } from "node:inspector/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const INTERVAL_US = 200;

/** What a part of the program took by itself, without what it called. */
export interface ProfilePart {
  /** A module of ours, a package, or what the engine does besides. */
  readonly name: string;
  readonly us: number;
  /** Its functions that took most, with their times in us. */
  readonly functions: ReadonlyArray<readonly [name: string, us: number]>;
}

/** V8's own profiler, as `node --cpu-prof` has it, but only while something is looked at. */
export class CpuProfile {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
    await this.#session.post("Profiler.start");
  }

  /** The parts, the longest first. */
  async stop(): Promise<readonly ProfilePart[]> {
    const { profile } = await this.#session.post("Profiler.stop");
    this.#session.disconnect();
    return partsOf(profile);
  }
}

const MOST_FUNCTIONS = 3;

function partsOf({
  nodes,
  samples = [],
  timeDeltas = [],
}: Profiler.Profile): readonly ProfilePart[] {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const parts = new Map<string, Map<string, number>>();
  for (const [index, id] of samples.entries()) {
    const frame = byId.get(id);
    if (frame === undefined) continue;
    const part = partOf(frame);
    // Its own start and end.
    if (part === "node: inspector") continue;
    const functions = parts.get(part) ?? new Map<string, number>();
    parts.set(part, functions);
    const name = frame.functionName === "" ? "(anonymous)" : frame.functionName;
    functions.set(name, (functions.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return [...parts]
    .map(([name, functions]) => ({
      name,
      us: [...functions.values()].reduce((sum, us) => sum + us, 0),
      functions: [...functions].toSorted(longest).slice(0, MOST_FUNCTIONS),
    }))
    .toSorted((one, other) => other.us - one.us);
}

function longest(one: readonly [string, number], other: readonly [string, number]): number {
  return other[1] - one[1];
}

const DIST = new URL("../../dist/", import.meta.url);
const BENCH = new URL("../", import.meta.url);

function partOf({ url, functionName }: Profiler.ProfileNode["callFrame"]): string {
  if (url.startsWith(DIST.href)) {
    return relative(fileURLToPath(DIST), fileURLToPath(url)).replace(/\.js$/v, "");
  }
  const module = /node_modules\/((?:@[^\/]+\/)?[^\/]+)/v.exec(url)?.[1];
  if (module !== undefined) return module;
  if (url.startsWith(BENCH.href)) return "the benchmark";
  if (url.startsWith("node:"))
    return url.replace(/^node:(?:internal\/)?/v, "node: ").split("/")[0] ?? url;
  return functionName.startsWith("(") ? functionName : "native functions of Node and V8";
}
