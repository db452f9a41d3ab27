/**
 * Made by `{}` or `Object.create(null)`, in this realm or another (a vm context, a test runner): no
 * instance of a class, no `Math`, no `arguments`.
 */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && !isObjectPrototype(prototype)) return false;
  return !(Symbol.toStringTag in value) && !(Symbol.iterator in value);
}

/** An array whose prototype is that of arrays, in this realm or another: none of a subclass. */
export function isPlainArray(value: readonly unknown[]): boolean {
  return isObjectPrototype(Object.getPrototypeOf(Object.getPrototypeOf(value)));
}

function isObjectPrototype(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.getPrototypeOf(value) === null &&
    Object.hasOwn(value, "isPrototypeOf")
  );
}
