import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { main, run } from "./run-command.ts";

/**
 * Compares the public types with their snapshot, so that a change of the API shows in review.
 * The public types are every declaration file that an entry point reaches. Needs a fresh dist/.
 */

const ROOT = join(import.meta.dirname, "..");
const SNAPSHOT = "docs/api/spinach.d.ts";

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly types: string }>>;
}

function entryPoints(): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
  return Object.values(manifest.exports).map((entry) => join(ROOT, entry.types));
}

/** The declaration files that `files` reach through relative imports, themselves included. */
function reachable(files: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const left = [...files];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (found.has(file)) continue;
    const text = readFileSync(file, "utf8")
      .replace(/^\/\/# sourceMappingURL=.*$/m, "")
      .trim();
    found.set(file, text);
    // An example in a docstring may import a file that only a user has.
    const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "");
    for (const [, specifier = ""] of code.matchAll(/(?:from |import\(|^import )"(\.[^"]+)"/gm)) {
      left.push(join(dirname(file), specifier.replace(/\.[jt]s$/, ".d.ts")));
    }
  }
  return found;
}

function publicTypes(): string {
  if (!existsSync(join(ROOT, "dist"))) throw new Error("dist/ is missing: run npm run build.");
  const sections = [...reachable(entryPoints())]
    .map(([file, text]) => `// ${relative(join(ROOT, "dist"), file)}\n${text}\n`)
    .toSorted();
  return `// The public API. Written by: npm run api -- --update\n\n${sections.join("\n")}`;
}

async function compare(types: string): Promise<void> {
  const fresh = join(ROOT, "dist/api-snapshot.d.ts");
  writeFileSync(fresh, types);
  const { ok, output } = await run(
    "git",
    ["diff", "--no-index", "--", SNAPSHOT, relative(ROOT, fresh)],
    { cwd: ROOT },
  );
  if (ok) return;
  throw new Error(
    `The public API differs from its snapshot:\n${output}\nIf you meant it, run npm run api -- --update and tell it in CHANGELOG.md.`,
  );
}

await main(async () => {
  const types = publicTypes();
  const snapshot = join(ROOT, SNAPSHOT);
  if (process.argv.includes("--update")) {
    mkdirSync(dirname(snapshot), { recursive: true });
    writeFileSync(snapshot, types);
  } else if (!existsSync(snapshot) || readFileSync(snapshot, "utf8") !== types) {
    await compare(types);
  }
});
