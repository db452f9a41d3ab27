import type { Mutant } from "../mutant.ts";

const SQLITE_HEARTBEAT = "test/brokers/sqlite/heartbeat.test.ts";
const REDIS_HEARTBEAT = "test/brokers/redis/heartbeat.test.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "a delay without its cap",
    file: "src/core/backoff.ts",
    from: "Math.min(baseMs * 2 ** attempt, capMs) / 2",
    to: "(baseMs * 2 ** attempt) / 2",
    test: "test/core/backoff.test.ts",
  },
  {
    kind: "the silence of an idle one counts once it holds a job",
    file: "src/brokers/sqlite/silence-watch.ts",
    from: "known?.beats === seen.beats && known.holdsJobs === seen.holdsJobs",
    to: "known?.beats === seen.beats",
    test: SQLITE_HEARTBEAT,
  },
  {
    kind: "silence during an outage counts",
    file: "src/brokers/sqlite/heartbeat.ts",
    from: "  #failed(error: unknown): void {\n    this.#startWatching();",
    to: "  #failed(error: unknown): void {",
    test: SQLITE_HEARTBEAT,
  },
  {
    kind: "silence during an outage counts",
    file: "src/brokers/redis/heartbeat.ts",
    from: "  #failed(error: unknown): void {\n    this.#startWatching();",
    to: "  #failed(error: unknown): void {",
    test: REDIS_HEARTBEAT,
  },
  {
    kind: "a takeover that fails ends the sweep",
    file: "src/brokers/sqlite/heartbeat.ts",
    from: "      if (reply !== undefined) listener.rescued(other.uuid, reply);\n    } catch (error) {",
    to: "      if (reply !== undefined) listener.rescued(other.uuid, reply);\n    } catch (error) {\n      throw error;",
    test: SQLITE_HEARTBEAT,
  },
  {
    kind: "a takeover that fails ends the sweep",
    file: "src/brokers/redis/heartbeat.ts",
    from: "    } catch (error) {\n      listener.failed(error);",
    to: "    } catch (error) {\n      throw error;",
    test: REDIS_HEARTBEAT,
  },
];
