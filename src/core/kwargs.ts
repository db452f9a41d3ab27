import { isPlainObject } from "./is-plain-object.ts";

/** Python keyword arguments, as the last argument of a call. Made by {@link kwargs}. */
export class Kwargs<Values extends object = object> {
  readonly values: Values;

  constructor(values: Values) {
    this.values = values;
  }
}

/** @internal */
export function isKwargs(value: unknown): value is Kwargs {
  try {
    return value instanceof Kwargs;
  } catch {
    // A revoked proxy.
    return false;
  }
}

/**
 * Gives a job keyword arguments, when passed as the last argument of a call. A Python task receives
 * them as such; a TypeScript task receives them as one last object.
 *
 * @throws TypeError if `values` is not an object
 *
 * @example
 * await spin.schedule("resize", "cat.png", kwargs({ width: 200 }));
 */
export function kwargs<Values extends object>(values: Values): Kwargs<Values> {
  if (typeof values !== "object" || values === null || !isPlainObject(values)) {
    throw new TypeError(
      `kwargs: expected a plain object of keyword arguments, got ${Object.prototype.toString.call(values)}`,
    );
  }
  return new Kwargs(values);
}
