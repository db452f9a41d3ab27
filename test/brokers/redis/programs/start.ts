/**
 * A program that starts workers, says what came of it, and then does nothing: it ends by itself if
 * nothing is left behind. Arguments: what RedisBroker is given, its options, both as JSON, the namespace,
 * and `close` to close the engine while it starts.
 */
import { AsyncWorkers, BrokerError, Engine } from "../../../../src/index.ts";
import { RedisBroker, type RedisOptions } from "../../../../src/redis.ts";

const [, , redis = "", options = "", namespace = "", then = ""] = process.argv;
const broker = new RedisBroker(
  JSON.parse(redis) as string | RedisOptions,
  JSON.parse(options) as object,
);
const spin = new Engine(broker, { namespace });
if (then === "close") setTimeout(() => void spin.close(), 300);
try {
  await spin.startWorkers({ workers: new AsyncWorkers() });
  console.log("started");
} catch (error) {
  console.log(error instanceof BrokerError ? error.message : error);
}
