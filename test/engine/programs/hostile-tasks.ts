/** Tasks that throw, return and log values which throw when they are looked at. */
import { currentJob, RetryError, Tasks } from "spinach";

export const hostileTasks: Tasks = new Tasks({ module: import.meta.url });

const boom = (): never => {
  throw new RangeError("looked at");
};

/** Each trap throws. */
const TRAPS: ProxyHandler<object> = {
  get: boom,
  has: boom,
  ownKeys: boom,
  getPrototypeOf: boom,
  getOwnPropertyDescriptor: boom,
};

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function withGetters(target: object, ...names: readonly string[]): object {
  for (const name of names) Object.defineProperty(target, name, { get: boom, configurable: true });
  return target;
}

function thenThatThrows(): object {
  // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
  return Object.fromEntries([["then", boom]]);
}

function selfMade(): AggregateError {
  const error = new AggregateError([], "of itself");
  error.errors = Array.from({ length: 100 }, () => error);
  return error;
}

function asDom(): unknown {
  const error = new DOMException("odd", "OddError");
  Object.defineProperty(error, "code", { value: "E_ODD", enumerable: true });
  Object.defineProperty(error, "note", { value: 1, enumerable: true });
  return error;
}

const circle = new Error("round");
circle.cause = circle;

/** What a task may throw, by what it is. */
const THROWN: Readonly<Record<string, () => unknown>> = {
  revokedProxy: () => revoked({}),
  revokedFunction: () => revoked(boom),
  proxyOfAnError: () => new Proxy(new Error("behind"), TRAPS),
  throwingGetters: () => withGetters(new Error("x"), "name", "message", "stack", "cause", "code"),
  throwingFields: () => withGetters(new Error("x"), "amount", "toJSON", "errors"),
  changingMember: () =>
    Object.defineProperty(new Error("x"), "a", { get: once(), enumerable: true }),
  thenable: thenThatThrows,
  throwingThen: () => withGetters({}, "then"),
  toJson: () => ({ toJSON: boom }),
  nullPrototype: () => Object.create(null) as unknown,
  noText: () => ({ toString: 1, valueOf: 1 }),
  aSymbol: () => Symbol("s"),
  frozen: () => Object.freeze(new Error("cold")),
  selfMade,
  asDom,
  circle: () => circle,
  causeOfProxies: () => new Error("outer", { cause: revoked({}) }),
  retryAtNoDate: () => Object.assign(new RetryError("again"), { at: "tomorrow" }),
  retryAtGetter: () => withGetters(new RetryError("again"), "at"),
};

/** Answers a number, then with a function, which cannot be carried. */
function once(): () => unknown {
  let asked = 0;
  return () => {
    asked += 1;
    return asked > 1 ? boom : 1;
  };
}

export const HOSTILE: readonly string[] = Object.keys(THROWN);

for (const [name, make] of Object.entries(THROWN)) {
  hostileTasks.task(name, () => {
    throw make();
  });
  hostileTasks.task(`${name}Later`, async () => {
    await Promise.resolve();
    throw make();
  });
}

hostileTasks.task("returnsThrowingThen", () => withGetters({}, "then"));
hostileTasks.task("returnsThenThatThrows", thenThatThrows);

hostileTasks.task("logsHostileFields", () => {
  const logger = currentJob()?.logger;
  logger?.warn(withGetters({}, "field"), "a getter");
  for (const make of Object.values(THROWN)) logger?.warn({ err: make() }, "a value");
});

hostileTasks.task("fine", () => undefined);
