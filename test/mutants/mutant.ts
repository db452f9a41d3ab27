import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The tree of the package. */
export const ROOT: string = join(import.meta.dirname, "../..");

/** A fault that a later contributor may make, and the test that must notice it. */
export interface Mutant extends Change {
  /** The kind of fault in a few words, as the report shows it: `"a call without a bound"`. */
  readonly kind: string;
  /** Path of the changed file from the root of the package: TypeScript, or Lua below `lua/`. */
  readonly file: string;
  /** Path of the test file that must fail, from the root of the package. */
  readonly test: string;
  /** Only the tests of that file whose title holds this text: for files that take long. */
  readonly title?: string;
}

/** One place of a file, changed. */
export interface Change {
  /** Text that stands in the file exactly once. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
}

/**
 * The source with a change.
 *
 * @param where - the file, and whose change it is, for the message
 * @throws Error if the text does not stand there exactly once
 */
export function planted(source: string, { from, to }: Change, where: string): string {
  const places = source.split(from).length - 1;
  if (places !== 1) {
    throw new Error(
      `${where}: the text of a mutant must stand there once, found ${places} times: ` +
        `the code has changed, change the mutant too. The text: ${from}`,
    );
  }
  return source.replace(from, () => to);
}

/** The changed file of a mutant; see {@link planted}. */
export function plantedFile(mutant: Mutant): string {
  const source = readFileSync(join(ROOT, mutant.file), "utf8");
  return planted(source, mutant, `${mutant.file}, mutant "${mutant.kind}"`);
}
