import type { Dirent } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";

/** What a walk meets: a file to read, something that is none, or a folder that cannot be listed. */
export type Found =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "skipped"; readonly path: string }
  | { readonly kind: "unlisted"; readonly path: string; readonly error: unknown };

/** Entries that one read of a folder brings. */
const ENTRIES_PER_READ = 256;

/**
 * Walks a folder and all below it, in no particular order. Links to files are files, dangling ones
 * too: reading will tell. Links to folders are not followed, so the walk ends. Pipes, sockets and
 * devices are skipped: reading one may wait forever.
 */
export async function* listFiles(folder: string): AsyncGenerator<Found> {
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    try {
      yield* listFolder(next, folders);
    } catch (error) {
      yield { kind: "unlisted", path: next, error };
    }
  }
}

/** @param folders - where the folders that it holds are added, for later */
async function* listFolder(folder: string, folders: string[]): AsyncGenerator<Found> {
  for await (const entry of await opendir(folder, { bufferSize: ENTRIES_PER_READ })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) folders.push(path);
    else yield { kind: (await isReadable(entry, path)) ? "file" : "skipped", path };
  }
}

async function isReadable(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  try {
    return (await stat(path)).isFile();
  } catch {
    return true;
  }
}
