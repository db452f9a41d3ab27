import { Deque } from "../../src/queue/deque.ts";
import { Queuey } from "../../src/queue/queuey.ts";
import { queueConformance } from "../../src/testing/conformance/queue-conformance.ts";

queueConformance({
  name: "Deque",
  create() {
    const deque = new Deque<string>();
    return {
      put: (item) => {
        deque.pushBack(item);
      },
      take: () => deque.popFront(),
      get size() {
        return deque.length;
      },
    };
  },
});

queueConformance({
  name: "Queuey",
  create(room) {
    const queue = new Queuey<string>({ maxSize: room });
    return {
      put: (item) => {
        queue.putSync(item, { timeout: 0 });
      },
      take() {
        if (queue.empty) return undefined;
        const item = queue.getSync({ timeout: 0 });
        queue.taskDone();
        return item;
      },
      get size() {
        return queue.size;
      },
    };
  },
});
