import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const MODULES = join(import.meta.dirname, "../node_modules");

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What `npm install --omit=dev` brings for packages that are installed here. */
export interface Installed {
  readonly packages: number;
  /** Of all files, in bytes. */
  readonly bytes: number;
}

/** Follows the dependencies of installed packages, optional ones where they are installed. */
export function installed(names: readonly string[]): Installed {
  const folders = new Set<string>();
  const left = names.map((name) => join(MODULES, name));
  for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
    if (folders.has(folder)) continue;
    folders.add(folder);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    const wanted = { ...manifest.dependencies, ...manifest.optionalDependencies };
    for (const name of Object.keys(wanted)) {
      const found = resolve(name, folder);
      if (found !== undefined) left.push(found);
    }
  }
  const bytes = [...folders].reduce((sum, folder) => sum + bytesOf(folder), 0);
  return { packages: folders.size, bytes };
}

/** Of our own package, as `npm pack` would publish it; the folder here is a link to all of the sources. */
export function packedBytes(): number {
  const cwd = join(import.meta.dirname, "../..");
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const { stdout, stderr, status } = spawnSync("npm", args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm pack failed:\n${stderr}`);
  const [packed] = Object.values(JSON.parse(stdout)) as ReadonlyArray<{ unpackedSize: number }>;
  return packed?.unpackedSize ?? Number.NaN;
}

/** As Node looks for it: in the folder's own node_modules, then in those above. */
function resolve(name: string, from: string): string | undefined {
  for (let folder = from; folder.startsWith(MODULES); folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
  }
  const top = join(MODULES, name);
  return existsSync(join(top, "package.json")) ? top : undefined;
}

/** Without the packages inside, which count by themselves. */
function bytesOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return sum + statSync(path).size;
    return entry.isDirectory() && entry.name !== "node_modules" ? sum + bytesOf(path) : sum;
  }, 0);
}
