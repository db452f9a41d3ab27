/** Made by `{}` or `Object.create(null)`, in this realm or another (a vm context, a test runner). */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
