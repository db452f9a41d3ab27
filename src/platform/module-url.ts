import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * What to import to get a module from anywhere, given its URL or the name of a package. A package is looked for where
 * the program is; one that `require` may not load stays a name, and is looked for where Spinach is.
 */
export function moduleUrl(specifier: string): string {
  if (URL.canParse(specifier)) return specifier;
  const program = process.argv[1] ?? join(process.cwd(), "program");
  try {
    return pathToFileURL(createRequire(program).resolve(specifier)).href;
  } catch {
    return specifier;
  }
}
