/**
 * Makes of a value what JSON carries unchanged, or says why it cannot: what JSON cannot write, and what it would
 * silently drop or change. It reads each member once, into a copy: a getter or a proxy may answer otherwise the next
 * time, and what is written must be what was checked.
 */
import { isPlainArray, isPlainObject } from "./is-plain-object.ts";
import { isKwargs } from "./kwargs.ts";
import { describeThrown } from "./thrown.ts";

/** Deepest nesting of an argument: Redis's cjson and Python's json both give up near 1,000. */
const MAX_DEPTH = 500;

export interface JsonProblem {
  /** Steps from the argument to the value, for example `[1]`, `.when`. */
  readonly path: string[];
  readonly reason: string;
}

/** The text of plain JSON data. @param hasNegativeZero - whether a number in it is -0, which JSON would write as 0 */
export function jsonText(value: unknown, hasNegativeZero: boolean): string {
  return hasNegativeZero ? JSON.stringify(value, keepNegativeZero) : JSON.stringify(value);
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every Node has it, TypeScript's library not yet
const { rawJSON } = JSON as JSON & { rawJSON(this: void, text: string): unknown };

/** As Python writes it, too: for `-0` it would read the integer 0. */
function keepNegativeZero(_key: string, value: unknown): unknown {
  return Object.is(value, -0) ? rawJSON("-0.0") : value;
}

/** Whether JSON carries a value unchanged that has nothing below it, as most have not. */
export function isCarriedAsIs(value: unknown): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  return typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0);
}

/** One walk through one value, which ends at the first problem. What it returns then means nothing. */
export class JsonCarrier {
  /** The first part that JSON cannot carry unchanged. */
  problem: JsonProblem | undefined;
  /** Whether a number was -0: see {@link jsonText}. */
  hasNegativeZero = false;
  readonly #ancestors: object[] = [];

  /** A copy of any value. */
  carry(value: unknown): unknown {
    if (isCarriedAsIs(value)) return value;
    if (typeof value === "object" && value !== null) return this.#object(value);
    if (Object.is(value, -0)) this.hasNegativeZero = true;
    else this.#refuse(reasonAgainst(value));
    return value;
  }

  /** The arguments of a call: the language makes this array, so nothing but its items can be wrong. */
  carryItems(values: readonly unknown[]): readonly unknown[] {
    this.#ancestors.push(values);
    const copy = this.#items(values);
    if (this.problem === undefined && hasToJson(values)) this.#refuse(TO_JSON);
    return copy;
  }

  /** Keyword arguments. */
  carryKeywords(values: object): Readonly<Record<string, unknown>> {
    const copy = this.carry(values);
    return typeof copy === "object" ? { ...copy } : {};
  }

  #object(value: object): unknown {
    const ancestors = this.#ancestors;
    if (isAmong(ancestors, value)) return this.#refuse("a cycle, which JSON cannot carry");
    if (ancestors.length >= MAX_DEPTH) {
      return this.#refuse(`nested deeper than ${MAX_DEPTH} levels`);
    }
    ancestors.push(value);
    const copy = this.#read(value);
    ancestors.pop();
    return copy;
  }

  /** A proxy or a getter may throw whatever it likes. */
  #read(value: object): unknown {
    try {
      return Array.isArray(value) ? this.#array(value) : this.#members(value);
    } catch (error) {
      return this.#refuse(`an object that throws when it is read: ${describeThrown(error)}`);
    }
  }

  #array(values: readonly unknown[]): unknown {
    if (!isPlainArray(values)) return this.#refuse(describeInstance(values));
    const copy = this.#items(values);
    if (this.problem !== undefined) return copy;
    if (hasMoreThanItems(values)) {
      return this.#refuse("an array with named members, which JSON would drop");
    }
    return hasToJson(values) ? this.#refuse(TO_JSON) : copy;
  }

  #items(values: readonly unknown[]): readonly unknown[] {
    const copy = values.slice();
    // By index, not by iterator: a hole in the array is `undefined` too.
    for (let index = 0; index < copy.length; index += 1) {
      const item = copy[index];
      if (isCarriedAsIs(item)) continue;
      copy[index] = this.carry(item);
      if (this.problem === undefined) continue;
      this.#below(`[${index}]`);
      break;
    }
    return copy;
  }

  #members(value: object): unknown {
    const isOrdinary = Object.getPrototypeOf(value) === Object.prototype;
    if (!isOrdinary && !isPlainObject(value)) return this.#refuse(describeInstance(value));
    // The fastest copy that there is; it reads getters, once.
    const copy: Record<string, unknown> = { ...value };
    let count = 0;
    // Twice as fast as a list of its keys. What else is met, a program has put into every object.
    for (const key in copy) {
      count += 1;
      const member = copy[key];
      if (isCarriedAsIs(member)) continue;
      setOwn(copy, key, this.carry(member));
      if (this.problem !== undefined) return this.#below(`.${key}`);
    }
    if (hasMoreThan(value, count)) return this.#refuse(reasonAgainstHidden(value));
    // Only a program that gives it to every object: it would be asked for the copy.
    return hasToJson(Object.prototype) ? this.#refuse(TO_JSON) : copy;
  }

  #refuse(reason: string): undefined {
    this.problem = { path: [], reason };
  }

  #below(step: string): undefined {
    this.problem?.path.unshift(step);
  }
}

const TO_JSON = "an object with toJSON(), which would arrive as what that returns: pass that";

function hasToJson(value: object): boolean {
  return "toJSON" in value && typeof value.toJSON === "function";
}

/** Whether an object has more members than those that were counted. */
function hasMoreThan(value: object, count: number): boolean {
  return (
    Object.getOwnPropertyNames(value).length > count ||
    Object.getOwnPropertySymbols(value).length > 0
  );
}

function reasonAgainstHidden(value: object): string {
  // `Math`, and `arguments`.
  if (!isPlainObject(value)) return describeInstance(value);
  if (Object.getOwnPropertySymbols(value).length > 0) return SYMBOLS;
  return hasToJson(value) ? TO_JSON : HIDDEN;
}

const SYMBOLS = "an object with symbol keys, which JSON would drop: use strings";

const HIDDEN =
  "an object with members that are not enumerable, which JSON would drop: pass plain ones";

/**
 * Up to so many items an array is looked at for hidden members. The language tells of them only with the name of every
 * item, which takes five times as long as to write the items.
 */
const MAX_ITEMS_TO_NAME = 64;

/** Whether an array has members besides its items, which are all there. */
function hasMoreThanItems(values: readonly unknown[]): boolean {
  // One more is `length`.
  if (values.length <= MAX_ITEMS_TO_NAME) return Reflect.ownKeys(values).length > values.length + 1;
  return (
    Object.keys(values).length > values.length || Object.getOwnPropertySymbols(values).length > 0
  );
}

function setOwn(copy: Record<string, unknown>, key: string, value: unknown): void {
  // To assign this one would change the prototype.
  if (key !== "__proto__") copy[key] = value;
  else Object.defineProperty(copy, key, { value });
}

/** By hand, since few are: see MAX_DEPTH. */
function isAmong(ancestors: readonly object[], value: object): boolean {
  for (const ancestor of ancestors) if (ancestor === value) return true;
  return false;
}

function reasonAgainst(value: unknown): string {
  if (typeof value === "number") return `${value}, which JSON writes as null`;
  if (typeof value === "bigint") {
    return `a BigInt, which JSON cannot carry: pass a string or a number`;
  }
  if (value === undefined) return "undefined, which JSON would drop: leave it out, or pass null";
  return typeof value === "symbol"
    ? "a symbol, which JSON would drop: pass a string"
    : "a function, which JSON would drop: pass data, or the name of a task";
}

function describeInstance(value: object): string {
  if (isKwargs(value)) {
    return "kwargs(), which a call takes once, as its last argument: put all keywords into that one";
  }
  const name = nameOfClass(value);
  const remedy =
    value instanceof Date
      ? "pass date.toISOString() or date.getTime()"
      : "pass its data as plain objects, arrays, strings and numbers";
  return `an instance of ${name}, which would not arrive as one: ${remedy}`;
}

function nameOfClass(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "a class";
}
