/** Blocking code and async code share a queue, in both directions, across a thread. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { isMainThread, Worker, workerData } from "node:worker_threads";

import { Queuey, QueueClosedError, type QueueyHandle } from "spinach/queuey";

interface Hashed {
  readonly text: string;
  readonly hash: string;
}

interface Handles {
  readonly texts: QueueyHandle;
  readonly hashes: QueueyHandle;
}

await (isMainThread ? main() : hashUntilClosed(workerData as Handles));

/** The thread: it blocks for a text, works, and blocks until there is room for the result. */
function hashUntilClosed(handles: Handles): void {
  const texts = Queuey.attach<string>(handles.texts);
  const hashes = Queuey.attach<Hashed>(handles.hashes);
  try {
    for (;;) {
      const text = texts.getSync();
      hashes.putSync({ text, hash: createHash("sha256").update(text).digest("hex") });
      texts.taskDone();
    }
  } catch (error) {
    if (!(error instanceof QueueClosedError)) throw error;
  }
}

/** The main thread: it awaits on both ends, so its event loop goes on. */
async function main(): Promise<void> {
  const texts = new Queuey<string>({ maxSize: 2 });
  const hashes = new Queuey<Hashed>({ maxSize: 2 });
  const handles: Handles = { texts: texts.handle, hashes: hashes.handle };
  const worker = new Worker(new URL(import.meta.url), { workerData: handles });

  // What the thread had taken when it ended, however it ended, comes back.
  const { threadId } = worker;
  worker.once("exit", () => {
    void texts.abandon(threadId).then((unfinished) => assert.deepEqual(unfinished, []));
  });

  const names = ["Ada", "Grace", "Edsger", "Barbara", "Tony"];
  const putting = (async () => {
    for (const name of names) await texts.putAsync(name); // waits while two are unfinished
    texts.close();
  })();
  const got: string[] = [];
  while (got.length < names.length) {
    const { text, hash } = await hashes.getAsync();
    hashes.taskDone();
    console.log(`${hash.slice(0, 12)} ${text}`);
    got.push(text);
  }
  await putting;
  assert.deepEqual(got, names);
}
