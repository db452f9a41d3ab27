import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { main } from "./run-command.ts";

/**
 * Writes the Lua scripts as TypeScript, so that no file is read at run time: their code without
 * comments, and its SHA-1, by which Redis knows them. `--check` only tells whether that was done.
 */

const ROOT = join(import.meta.dirname, "..");
const TARGET = join(ROOT, "src/brokers/redis/lua-scripts.ts");

const HEADER = `/** Generated from lua/ by scripts/generate-lua.ts: edit those, then run \`npm run lua\`. */

/** A script that Redis runs as one atomic operation. */
export interface LuaScript {
  readonly name: string;
  /** How Redis knows it. */
  readonly sha1: string;
  readonly text: string;
}
`;

function withoutComments(source: string): string {
  const lines = source.split("\n").map((line) => line.replace(/(^|\s)--\s.*$/v, "").trimEnd());
  return lines.filter((line) => line !== "").join("\n");
}

/** A line `-- include NAME` stands for lua/lib/NAME.lua: Redis gives scripts no other way to share. */
function withIncludes(source: string): string {
  return source.replaceAll(/^-- include (?<name>\w+)$/gmv, (_, name: string) =>
    readFileSync(join(ROOT, "lua/lib", `${name}.lua`), "utf8"),
  );
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/gv, (_, letter: string) => letter.toUpperCase());
}

function declaration(file: string): string {
  const name = basename(file, ".lua");
  const source = readFileSync(join(ROOT, file), "utf8");
  const text = withoutComments(withIncludes(source));
  const summary = /^-- (?<summary>.*)$/mv.exec(source);
  const sha1 = createHash("sha1").update(text).digest("hex");
  const fields = { name, sha1, text };
  return (
    `\n/** ${summary?.groups?.["summary"] ?? name} See lua/${name}.lua. */\n` +
    `export const ${camelCase(name)}: LuaScript = ${JSON.stringify(fields)};\n`
  );
}

await main(async () => {
  const files = globSync("lua/*.lua", { cwd: ROOT }).toSorted();
  const generated = HEADER + files.map(declaration).join("");
  if (!process.argv.includes("--check")) {
    writeFileSync(TARGET, generated);
    return;
  }
  if (readFileSync(TARGET, "utf8") !== generated) {
    throw new Error("src/brokers/redis/lua-scripts.ts is not that of lua/: run npm run lua.");
  }
});
