import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { commandsOf, type Header, type Parameter, parseHeader } from "./lua-header.ts";
import { main } from "./run-command.ts";

/**
 * Writes the Lua scripts as TypeScript, so that no file is read at run time: for each a function that
 * makes a call of it, whose parameters are those of the header, and the codes of its replies. In Lua the
 * header's names are local variables. `--check` only tells whether that was done.
 */

const ROOT = join(import.meta.dirname, "..");
const TARGET = join(ROOT, "src/brokers/redis/lua-scripts.ts");

const HEAD = `/** Generated from lua/ by scripts/generate-lua.ts: edit those, then run \`npm run lua\`. */

/** A script that Redis runs as one atomic operation. */
export interface LuaScript {
  readonly name: string;
  /** How Redis knows it. */
  readonly sha1: string;
  readonly text: string;
  /** The commands that it runs: a user needs the right to each of them. */
  readonly commands: readonly string[];
}

/** A script with its keys and arguments. */
export interface ScriptCall {
  readonly script: LuaScript;
  readonly keys: string[];
  readonly args: string[];
}
`;

function withoutComments(source: string): string {
  const lines = source.split("\n").map((line) => line.replace(/(^|\s)--(\s.*)?$/v, "").trimEnd());
  return lines.filter((line) => line !== "").join("\n");
}

/** A line `-- include NAME` stands for lua/lib/NAME.lua: Redis gives scripts no other way to share. */
function withIncludes(source: string): string {
  return source.replaceAll(/^-- include (?<name>\w+)$/gmv, (_, name: string) =>
    readFileSync(join(ROOT, "lua/lib", `${name}.lua`), "utf8"),
  );
}

/** The names of the header, as local variables. */
function prologue({ keys, args, codes }: Header): string {
  const locals = [
    ...keys.map((key) => luaLocal("KEYS", key)),
    ...args.map((argument) => luaLocal("ARGV", argument)),
    ...[...codes].map(([name, code]) => `local ${name} = ${code}`),
  ];
  return `${locals.join("\n")}\n`;
}

function luaLocal(list: string, { name, index, isRest, kind }: Parameter): string {
  if (isRest) return `local FIRST_${name.toUpperCase()} = ${index}`;
  const given = `${list}[${index}]`;
  if (kind === "number") return `local ${name} = tonumber(${given})`;
  return `local ${name} = ${given}${kind === "flag" ? " == '1'" : ""}`;
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/gv, (_, letter: string) => letter.toUpperCase());
}

const TYPES: Readonly<Record<string, string>> = { number: "number", flag: "boolean" };

function field({ name, isRest, kind, meaning }: Parameter, isKey: boolean): string {
  const type = isRest ? "readonly string[]" : isKey ? "string" : (TYPES[kind] ?? "string");
  const doc = isKey ? `${kind}: ${meaning}` : meaning;
  return `    /** ${doc} */\n    readonly ${camelCase(name)}: ${type};\n`;
}

function passed(list: string, { name, isRest, kind }: Parameter): string {
  const given = `${list}.${camelCase(name)}`;
  if (isRest) return `...${given}`;
  if (list === "args" && kind === "number") return `String(${given})`;
  return list === "args" && kind === "flag" ? `${given} ? "1" : "0"` : given;
}

function parameter(list: string, parameters: readonly Parameter[]): string[] {
  if (parameters.length === 0) return [];
  const fields = parameters.map((each) => field(each, list === "keys"));
  return [`  ${list}: {\n${fields.join("")}  },\n`];
}

function declaration(file: string): string {
  const name = basename(file, ".lua");
  const source = readFileSync(join(ROOT, file), "utf8");
  const header = parseHeader(file, source);
  const text = withoutComments(prologue(header) + withIncludes(source));
  const sha1 = createHash("sha1").update(text).digest("hex");
  const constant = name.toUpperCase();
  const keys = header.keys.map((each) => passed("keys", each)).join(", ");
  const args = header.args.map((each) => passed("args", each)).join(", ");
  const parameters = [...parameter("keys", header.keys), ...parameter("args", header.args)];
  const codes = [...header.codes].map(([code, number]) => `${code}: ${number}`).join(", ");
  const declarations = [
    `const ${constant}: LuaScript = ${JSON.stringify({ name, sha1, text, commands: commandsOf(text) })};`,
    `/** ${header.summary} See lua/${name}.lua. */
export function ${camelCase(name)}(
${parameters.join("")}): ScriptCall {
  return { script: ${constant}, keys: [${keys}], args: [${args}] };
}`,
  ];
  if (codes !== "") {
    declarations.push(`/** Codes in its replies. */
export const ${camelCase(name)}Codes = { ${codes} } as const;`);
  }
  return declarations.map((each) => `\n${each}\n`).join("");
}

function listOf(files: readonly string[]): string {
  const names = files.map((file) => basename(file, ".lua").toUpperCase());
  return `\n/** All scripts. */\nexport const LUA_SCRIPTS: readonly LuaScript[] = [${names.join(", ")}];\n`;
}

await main(async () => {
  const files = globSync("lua/*.lua", { cwd: ROOT }).toSorted();
  const generated = HEAD + files.map(declaration).join("") + listOf(files);
  if (!process.argv.includes("--check")) {
    writeFileSync(TARGET, generated);
    return;
  }
  if (readFileSync(TARGET, "utf8") !== generated) {
    throw new Error("src/brokers/redis/lua-scripts.ts is not that of lua/: run npm run lua.");
  }
});
