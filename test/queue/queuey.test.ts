import assert from "node:assert/strict";
import { mock, suite, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { threadId, Worker } from "node:worker_threads";

import { SpinachError } from "spinach";

import {
  BlockingNotAllowedError,
  InvalidQueueValueError,
  ItemNotTakenError,
  QueueClosedError,
  QueueTimeoutError,
  Queuey,
  type QueueyHandle,
  QueueValueTooLargeError,
} from "../../src/queuey.ts";
import { within } from "../../src/testing/waits.ts";

const NOW = { timeout: 0 };

/** Settled or not, after the event loop has turned often enough for every wake-up. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  const settle = (): void => {
    pending = false;
  };
  promise.then(settle, settle);
  for (let turns = 0; turns < 20; turns += 1) await turn();
  return pending;
}

suite("Queuey: puts, gets and places", () => {
  test("getSync() and getAsync() give values in the order of the puts, sync or async", async () => {
    const queue = new Queuey<number>({ maxSize: 8 });
    queue.putSync(1);
    await queue.putAsync(2);
    queue.putSync(3);
    assert.deepEqual([queue.getSync(), await queue.getAsync(), queue.getSync()], [1, 2, 3]);
  });

  test("a place is taken from the put until taskDone()", () => {
    const queue = new Queuey<string>({ maxSize: 2 });
    const state = (): unknown => [queue.size, queue.availableSlots, queue.empty, queue.full];
    assert.deepEqual(state(), [0, 2, true, false]);
    queue.putSync("a");
    queue.putSync("b");
    assert.deepEqual(state(), [2, 0, false, true]);
    queue.getSync();
    assert.deepEqual(state(), [1, 0, false, true]);
    assert.throws(() => queue.putSync("c", NOW), QueueTimeoutError);
    queue.taskDone();
    assert.deepEqual(state(), [1, 1, false, false]);
    queue.putSync("c");
    assert.equal(queue.maxSize, 2);
  });

  test("taskDone() is for the oldest that was taken, or for a ticket", () => {
    const queue = new Queuey<string>({ maxSize: 3 });
    for (const value of ["a", "b", "c"]) queue.putSync(value);
    const [a, b] = [queue.takeSync(), queue.takeSync()];
    assert.deepEqual(a, { value: "a", ticket: 0 });
    queue.taskDone(b.ticket);
    queue.taskDone();
    assert.equal(queue.availableSlots, 2);
    assert.throws(() => queue.taskDone(), ItemNotTakenError);
    assert.throws(() => queue.taskDone(a.ticket), /taskDone\(0\): no item with this ticket/);
    assert.throws(() => queue.taskDone(2), ItemNotTakenError);
  });

  test("taskDone() without the lock frees the place all the same", () => {
    const queue = new Queuey<number>({ maxSize: 2 });
    const control = new Int32Array(queue.handle.control);
    queue.putSync(1);
    queue.putSync(2);
    queue.getSync();
    control[16] = 1000; // Another thread is inside.
    queue.taskDone();
    assert.equal(queue.availableSlots, 1);
    control[16] = 0;
    queue.putSync(3);
    assert.deepEqual([queue.getSync(), queue.getSync()], [2, 3]);
    assert.equal(queue.full, true);
  });

  test("tickets and order survive the wrap of 32 bits", async () => {
    const queue = new Queuey<number>({ maxSize: 8 });
    new Int32Array(queue.handle.control)[55] = -2;
    for (let value = 0; value < 4; value += 1) queue.putSync(value);
    await queue.abandon(1000); // Sorts anew.
    const taken = Array.from({ length: 4 }, () => queue.takeSync());
    assert.deepEqual(
      taken.map(({ value, ticket }) => [value, ticket]),
      [
        [0, 2 ** 32 - 2],
        [1, 2 ** 32 - 1],
        [2, 0],
        [3, 1],
      ],
    );
    for (const { ticket } of taken) queue.taskDone(ticket);
  });

  test("two attached queues are one", async () => {
    const queue = new Queuey<string>({ maxSize: 1 });
    const other = Queuey.attach<string>(structuredClone(queue.handle));
    const put = other.putAsync("a").then(() => other.putAsync("b"));
    assert.equal(await queue.getAsync(), "a");
    assert.throws(() => other.taskDone(), ItemNotTakenError);
    queue.taskDone();
    await put;
    assert.equal(await queue.getAsync(), "b");
  });
});

suite("Queuey: values", () => {
  test("values from 0 bytes to 8 MB arrive as they were, as bytes and as text", async () => {
    const queue = new Queuey<Uint8Array | string>({ maxSize: 2 });
    const sizes = [0, 1, 1000, 1022, 1023, 1024, 1025, 16_384, 16_385, 100_000, 8_388_608];
    for (const size of sizes) {
      const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251);
      queue.putSync(bytes);
      await queue.putAsync("é".repeat(size / 2));
      assert.deepEqual(queue.getSync(), bytes);
      assert.ok((await queue.getAsync()) === "é".repeat(size / 2));
      queue.taskDone();
      queue.taskDone();
    }
  });

  test("a Buffer arrives as a Uint8Array, and a waiting putAsync() has copied its bytes", async () => {
    const queue = new Queuey<Uint8Array>({ maxSize: 1 });
    queue.putSync(Buffer.from("abc"));
    const bytes = new Uint8Array([1, 2]);
    const put = queue.putAsync(bytes);
    bytes.fill(9);
    assert.deepEqual(queue.getSync(), new Uint8Array([97, 98, 99]));
    queue.taskDone();
    await put;
    assert.deepEqual(queue.getSync(), new Uint8Array([1, 2]));
  });

  test("what JSON cannot carry is refused with the place and what was got", async () => {
    const queue = new Queuey({ maxSize: 2 });
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const refused: ReadonlyArray<readonly [unknown, RegExp]> = [
      [undefined, /value is undefined/],
      [() => {}, /value is a function/],
      [{ a: [1n] }, /value\.a\[0\] is a BigInt/],
      [cycle, /value\[0\] is a cycle/],
      [Number.NaN, /value is NaN/],
      [new Date(0), /value is an instance of Date/],
      [new Uint16Array(1), /value is an instance of Uint16Array/],
      [Symbol("s"), /value is a symbol/],
    ];
    for (const [value, message] of refused) {
      assert.throws(
        () => queue.putSync(value),
        (error) =>
          error instanceof InvalidQueueValueError &&
          error instanceof SpinachError &&
          error.code === "INVALID_QUEUE_VALUE" &&
          message.test(error.message),
      );
      await assert.rejects(queue.putAsync(value), InvalidQueueValueError);
    }
    assert.equal(queue.size, 0);
  });

  test("a value that can never fit is refused, one that cannot fit now waits for pages", async () => {
    const queue = new Queuey<Uint8Array>({ maxSize: 4, slotBytes: 16, maxBytes: 32_768 });
    assert.throws(
      () => queue.putSync(new Uint8Array(32_769)),
      (error) =>
        error instanceof QueueValueTooLargeError &&
        error.byteLength === 32_769 &&
        error.maxByteLength === 32_768,
    );
    queue.putSync(new Uint8Array(20_000));
    assert.throws(() => queue.putSync(new Uint8Array(17), NOW), QueueTimeoutError);
    const large = [queue.putAsync(new Uint8Array(17)), queue.putAsync(new Uint8Array(18))];
    assert.ok(await isPending(Promise.race(large)));
    queue.putSync(new Uint8Array(16)); // Needs no page.
    assert.equal(queue.getSync().length, 20_000);
    queue.taskDone();
    await within("all large values are put", Promise.all(large));
    assert.deepEqual(
      Array.from({ length: 3 }, () => queue.getSync().length),
      [16, 17, 18],
    );
    const none = new Queuey<string>({ maxSize: 1, slotBytes: 8, maxBytes: 0 });
    assert.throws(() => none.putSync("1234567"), /9 bytes never fits .* at most 8/);
  });
});

suite("Queuey: waiting", () => {
  test("waiting getters and putters are served first come, first served", async () => {
    const queue = new Queuey<number>({ maxSize: 2 });
    const got = Array.from({ length: 5 }, () => queue.getAsync());
    const put = Array.from({ length: 5 }, (_, index) => queue.putAsync(index));
    for (let done = 0; done < 5; done += 1) {
      assert.equal(await got[done], done);
      queue.taskDone();
    }
    await Promise.all(put);
    assert.equal(queue.availableSlots, 2);
  });

  test("an aborted call rejects with the reason, and takes or puts nothing", async () => {
    const queue = new Queuey<string>({ maxSize: 1 });
    const reason = new Error("enough");
    const early = AbortSignal.abort(reason);
    await assert.rejects(queue.getAsync({ signal: early }), reason);
    await assert.rejects(queue.putAsync("x", { signal: early }), reason);
    assert.equal(queue.size, 0);

    const controller = new AbortController();
    const { signal } = controller;
    const first = queue.getAsync({ signal });
    const second = queue.getAsync();
    controller.abort(reason);
    await assert.rejects(first, reason);
    queue.putSync("a");
    assert.equal(await second, "a");

    const stop = new AbortController();
    const put = queue.putAsync("b", { signal: stop.signal });
    assert.ok(await isPending(put));
    stop.abort(reason);
    await assert.rejects(put, reason);
    queue.taskDone();
    assert.equal(queue.availableSlots, 1);
    // After it was served an abort does nothing.
    const late = new AbortController();
    await queue.putAsync("c", { signal: late.signal });
    late.abort();
    assert.equal(queue.getSync(), "c");
  });

  test("a wake-up that an aborted call leaves reaches another thread's waiter", async () => {
    const queue = new Queuey<string>({ maxSize: 4 });
    const other = Queuey.attach<string>(queue.handle);
    const controller = new AbortController();
    const aborted = queue.getAsync({ signal: controller.signal });
    const waiting = other.getAsync();
    assert.ok(await isPending(waiting));
    // The wake-up goes to the first, which leaves in the same turn.
    other.putSync("a");
    controller.abort();
    await assert.rejects(aborted);
    const startedMs = performance.now();
    assert.equal(await waiting, "a");
    assert.ok(performance.now() - startedMs < 500, "only its timer found it");
  });

  test("a call that gives up lets those behind it go on that it kept waiting", async () => {
    const queue = new Queuey<Uint8Array>({ maxSize: 3, slotBytes: 16, maxBytes: 32_768 });
    queue.putSync(new Uint8Array(20_000));
    const controller = new AbortController();
    const large = queue.putAsync(new Uint8Array(20_001), { signal: controller.signal });
    const small = queue.putAsync(new Uint8Array(1));
    assert.ok(await isPending(small), "first come, first served");
    controller.abort();
    await assert.rejects(large);
    assert.ok(!(await isPending(small)), "only its timer would have found it");
  });

  test("a wake-up that a large value cannot use reaches a small one in another thread", async () => {
    const queue = new Queuey<Uint8Array>({ maxSize: 2, slotBytes: 16, maxBytes: 32_768 });
    queue.putSync(new Uint8Array(20_000));
    queue.putSync(new Uint8Array(1));
    const large = Queuey.attach<Uint8Array>(queue.handle).putAsync(new Uint8Array(20_001));
    assert.ok(await isPending(large));
    for (const length of [2, 3]) {
      const small = Queuey.attach<Uint8Array>(queue.handle).putAsync(new Uint8Array(length));
      assert.ok(await isPending(small));
      if (length === 2) queue.getSync();
      queue.taskDone(queue.takeSync().ticket);
      const startedMs = performance.now();
      await small;
      assert.ok(performance.now() - startedMs < 500, "only its timer found it");
    }
    queue.taskDone();
    await large;
  });

  test("timeouts: a typed error after the time, and no earlier", () => {
    const queue = new Queuey<number>({ maxSize: 1 });
    const startedMs = performance.now();
    assert.throws(
      () => queue.getSync({ timeout: 30 }),
      (error) =>
        error instanceof QueueTimeoutError && error.operation === "get" && error.timeoutMs === 30,
    );
    assert.ok(performance.now() - startedMs >= 29);
    queue.putSync(1);
    assert.throws(() => queue.putSync(2, { timeout: 1 }), /no room .* within the timeout of 1 ms/);
  });

  test("a call with a timeout ends even if another thread never leaves the queue", async () => {
    const queue = new Queuey<number>({ maxSize: 1 });
    const control = new Int32Array(queue.handle.control);
    control[16] = 1000;
    assert.throws(() => queue.putSync(1, NOW), QueueTimeoutError);
    const put = queue.putAsync(1);
    assert.ok(await isPending(put));
    assert.deepEqual(await queue.abandon(999), []);
    await put;
    assert.equal(queue.getSync(), 1);
  });

  test("where blocking is not allowed the sync side says so and offers the async side", async () => {
    const queue = new Queuey<number>({ maxSize: 1 });
    const refuse = mock.method(Atomics, "wait", () => {
      throw new TypeError("Atomics.wait cannot be called in this context");
    });
    try {
      assert.throws(
        () => queue.getSync(),
        (error) =>
          error instanceof BlockingNotAllowedError &&
          error.message.includes("use getAsync here, or getSync in a worker") &&
          error.cause instanceof TypeError,
      );
      assert.throws(() => queue.putSync(1), /use putAsync here/);
      await queue.putAsync(1);
      assert.equal(await queue.getAsync(), 1);
    } finally {
      refuse.mock.restore();
    }
  });
});

suite("Queuey: close", () => {
  test("after close() puts are refused, gets drain what is ready, then are refused", async () => {
    const queue = new Queuey<number>({ maxSize: 3 });
    queue.putSync(1);
    queue.putSync(2);
    queue.close();
    queue.close();
    assert.equal(queue.closed, true);
    assert.throws(() => queue.putSync(3), /nothing can be put in it any more/);
    await assert.rejects(queue.putAsync(3), QueueClosedError);
    assert.deepEqual([queue.getSync(), await queue.getAsync()], [1, 2]);
    assert.throws(() => queue.getSync(), /everything that was put in it has been taken/);
    await assert.rejects(
      queue.getAsync(),
      (error) => error instanceof QueueClosedError && error.operation === "get",
    );
    queue.taskDone();
    queue.taskDone();
  });

  test("close() wakes all who wait, in this thread and others, blocking and awaiting", async () => {
    const queue = new Queuey<number>({ maxSize: 1 });
    const program = `
      import { parentPort, workerData } from "node:worker_threads";
      const { Queuey } = await import("${new URL("../../src/queuey.ts", import.meta.url).href}");
      const queue = Queuey.attach(workerData);
      parentPort.postMessage("waits");
      try { queue.getSync(); } catch (error) { parentPort.postMessage(error.code); }`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
      workerData: queue.handle,
    });
    const said = Promise.withResolvers<unknown>();
    const waits = Promise.withResolvers<void>();
    worker.on("message", (message: unknown) => {
      if (message === "waits") waits.resolve();
      else said.resolve(message);
    });
    await within("the thread waits", waits.promise);
    const gets = [queue.getAsync(), queue.getAsync()];
    assert.ok(await isPending(Promise.race(gets)));
    queue.close();
    for (const get of gets) await assert.rejects(get, QueueClosedError);
    assert.equal(await within("the thread is woken", said.promise), "QUEUE_CLOSED");

    const full = new Queuey<number>({ maxSize: 1 });
    full.putSync(1);
    const put = full.putAsync(2);
    Queuey.attach(full.handle).close();
    await assert.rejects(put, QueueClosedError);
    assert.equal(full.getSync(), 1);
  });
});

suite("Queuey: bad input", () => {
  test("bad sizes and options name the option and the value", () => {
    const make = (options: unknown) => () => new Queuey(options as { maxSize: number });
    assert.throws(
      make(undefined),
      /TypeError: Queuey: options must be a plain object, got undefined/,
    );
    assert.throws(make({}), /maxSize must be an integer of at least 1, got undefined/);
    assert.throws(make({ maxSize: 0 }), RangeError);
    assert.throws(make({ maxSize: 1.5 }), RangeError);
    assert.throws(make({ maxSize: "1" }), TypeError);
    assert.throws(make({ maxSize: 2 ** 21 }), /at most 1048576, got 2097152/);
    assert.throws(make({ maxSize: 1, slotBytes: 7 }), /slotBytes must be an integer of bytes/);
    assert.throws(make({ maxSize: 1, maxBytes: -1 }), RangeError);
    assert.throws(make({ maxSize: 1, size: 1 }), /there is no option "size"/);
    assert.throws(
      make({ maxSize: 2 ** 20, slotBytes: 2 ** 20 }),
      /must be at most 4294967296 bytes/,
    );
  });

  test("options of a call name the method that was called, and what to give instead", async () => {
    const queue = new Queuey<number>({ maxSize: 1 });
    // What a JavaScript program lets through.
    const wrong = (value: unknown): never => value as never;
    const timeout = wrong({ timeout: 5 });
    const useSignal = String.raw`there is no option "timeout", only signal: pass \{ signal: AbortSignal\.timeout`;
    for (const [name, call] of [
      ["getAsync", () => queue.getAsync(timeout)],
      ["takeAsync", () => queue.takeAsync(timeout)],
      ["putAsync", () => queue.putAsync(1, timeout)],
    ] as const) {
      await assert.rejects(call(), new RegExp(`TypeError: Queuey\\.${name}: ${useSignal}`));
    }
    const signal = wrong({ signal: AbortSignal.abort() });
    for (const [name, call] of [
      ["getSync", () => queue.getSync(signal)],
      ["takeSync", () => queue.takeSync(signal)],
      ["putSync", () => queue.putSync(1, signal)],
    ] as const) {
      assert.throws(call, new RegExp(`Queuey\\.${name}: .* only timeout: .*give a timeout in ms$`));
    }
    await assert.rejects(
      queue.getAsync(wrong(AbortSignal.abort())),
      /expected options such as \{ signal \}/,
    );
    assert.equal(queue.size, 0);
  });

  test("attach() refuses what is no handle, of another version, or not whole", () => {
    const { handle } = new Queuey({ maxSize: 2 });
    const attach = (bad: unknown) => () => Queuey.attach(bad as QueueyHandle);
    const refusals: ReadonlyArray<readonly [unknown, RegExp]> = [
      [undefined, /the handle must be a queue.handle, got undefined/],
      [{}, /must be a queue.handle, got an object/],
      [{ kind: "other" }, /got one of kind "other"/],
      [{ ...handle, version: 2 }, /a handle of version 2, this spinach reads version 1/],
      [{ ...handle, control: undefined }, /handle.control must be a SharedArrayBuffer, got undef/],
      [{ ...handle, payload: new ArrayBuffer(8) }, /handle.payload must be a SharedArrayBuffer/],
      [{ ...handle, control: handle.payload }, /does not hold a queue/],
      [{ ...handle, payload: new Queuey({ maxSize: 3 }).handle.payload }, /do not belong together/],
      [{ ...handle, control: new SharedArrayBuffer(3) }, /does not hold a queue/],
    ];
    for (const [bad, message] of refusals) {
      assert.throws(
        attach(bad),
        (error) => error instanceof TypeError && message.test(error.message),
      );
    }
    const detached = new ArrayBuffer(8);
    structuredClone(detached, { transfer: [detached] });
    assert.throws(attach({ ...handle, control: detached }), /got a detached ArrayBuffer/);
    new Int32Array(handle.control)[1] = 7;
    assert.throws(attach(handle), /a handle of version 7/);
  });

  test("bad timeouts, signals and thread ids are refused", async () => {
    const queue = new Queuey<number>({ maxSize: 1 });
    assert.throws(() => queue.getSync({ timeout: -1 }), /Queuey.getSync: timeout .* got -1/);
    assert.throws(() => queue.putSync(1, { timeout: Number.NaN }), RangeError);
    assert.throws(() => queue.getSync({ timeout: "1" as unknown as number }), TypeError);
    const signal = {} as AbortSignal;
    await assert.rejects(
      queue.getAsync({ signal }),
      /signal must be an AbortSignal, got an object/,
    );
    await assert.rejects(queue.putAsync(1, { signal }), TypeError);
    await assert.rejects(queue.abandon(-1), RangeError);
    await assert.rejects(queue.abandon("1" as unknown as number), TypeError);
    await assert.rejects(queue.abandon(threadId), /must be that of a thread that has ended/);
    assert.equal(queue.availableSlots, 1);
  });
});

suite("Queuey: abandon()", () => {
  test("gives back what the dead thread had taken, and takes its lock", async () => {
    const queue = new Queuey<string>({ maxSize: 4, slotBytes: 8 });
    const control = new Int32Array(queue.handle.control);
    for (const value of ["a", "b", "c".repeat(50_000)]) queue.putSync(value);
    // As if thread 999 had taken two of them, and ended inside the queue while it took the third.
    control[64] = 1000;
    control[72] = 1000;
    control[16] = 1000;
    const put = queue.putAsync("d");
    assert.ok(await isPending(put));
    assert.deepEqual(await queue.abandon(999), [
      { value: "a", ticket: 0 },
      { value: "b", ticket: 1 },
    ]);
    await put;
    assert.deepEqual([queue.getSync().length, queue.getSync()], [50_000, "d"]);
    assert.deepEqual(await queue.abandon(999), []);
    queue.taskDone();
    queue.taskDone();
    assert.equal(queue.availableSlots, 4);
  });

  test("of two dead threads the one inside the queue may be told later", async () => {
    const queue = new Queuey<string>({ maxSize: 1 });
    new Int32Array(queue.handle.control)[16] = 1000;
    const first = queue.abandon(555);
    assert.ok(await isPending(first));
    assert.deepEqual(await queue.abandon(999), []);
    assert.deepEqual(await first, []);
  });
});

suite("Queuey, in one go and without waiting", () => {
  test("tryPutAll() puts values in order as far as there is room, and says how many", async () => {
    const queue = new Queuey<number>({ maxSize: 3 });
    assert.equal(queue.tryPutAll([1, 2, 3, 4]), 3);
    assert.equal(queue.tryPutAll([4]), 0);
    assert.deepEqual([queue.tryTake()?.value, queue.tryTake()?.value], [1, 2]);
    queue.taskDone();
    assert.equal(queue.tryPutAll([4, 5]), 1);
    assert.deepEqual([queue.getSync(), queue.getSync(), queue.tryTake()], [3, 4, undefined]);
  });

  test("tryPutAll() stops before a value that can never be put, and when it is closed", () => {
    const queue = new Queuey({ maxSize: 3 });
    assert.equal(queue.tryPutAll(["a", undefined, "b"]), 1);
    queue.close();
    assert.equal(queue.tryPutAll(["c"]), 0);
    assert.equal(queue.tryTake()?.value, "a");
    assert.throws(() => queue.tryTake(), QueueClosedError);
  });

  test("tryPutAll() wakes as many as it brings items for", async () => {
    const queue = new Queuey<number>({ maxSize: 3 });
    const getting = [queue.getAsync(), queue.getAsync()];
    await turn();
    assert.equal(queue.tryPutAll([1, 2]), 2);
    assert.deepEqual(await within("both get one", Promise.all(getting)), [1, 2]);
  });
});
