import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

import { Lane } from "../../test/brokers/redis/lane.ts";
import type { LineData } from "./thin-line.ts";

const HOST = "127.0.0.1";
const { serverPort, bytesPerS, latencyMs } = workerData as LineData;
const [up, down] = [new Lane(), new Lane()];
for (const lane of [up, down]) {
  lane.narrow(bytesPerS);
  lane.lengthen(latencyMs);
}

function join(from: Socket, to: Socket, lane: Lane): void {
  from.setNoDelay(true);
  from.on("data", (chunk: Buffer) => lane.pass(from, to, chunk));
  from.on("error", () => to.destroy());
  from.once("close", () => to.destroy());
}

const server = createServer((client) => {
  const target = connect(serverPort, HOST);
  join(client, target, up);
  join(target, client, down);
}).listen(0, HOST);
await once(server, "listening");
const address = server.address();
if (address === null || typeof address === "string") throw new Error("the line has no port");
parentPort?.postMessage(address.port);
