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
    withIncludes(readFileSync(join(ROOT, "lua/lib", `${name}.lua`), "utf8")),
  );
}

/** The names of the header that are worth a local variable: numbers and flags, which are read once. */
function prologue({ args }: Header): string {
  return args.map(luaLocal).join("");
}

function luaLocal({ name, index, isRest, kind }: Parameter): string {
  if (isRest || kind === "text") return "";
  const given = `ARGV[${index}]`;
  return `local ${name} = ${kind === "number" ? `tonumber(${given})` : `${given} == '1'`}\n`;
}

/** What the other names of the header stand for. */
function namesOf({ keys, args, codes }: Header): Map<string, string> {
  const names = new Map([...codes].map(([name, code]) => [name, String(code)]));
  const add = (list: string, { name, index, isRest, kind }: Parameter): void => {
    if (isRest) names.set(`FIRST_${name.toUpperCase()}`, String(index));
    else if (list === "KEYS" || kind === "text") names.set(name, `${list}[${index}]`);
  };
  for (const key of keys) add("KEYS", key);
  for (const argument of args) add("ARGV", argument);
  return names;
}

const CONSTANTS =
  /^ *local (?<names>[A-Z][A-Z_]*(?:, [A-Z][A-Z_]*)*) = (?<values>(?:'[^'\n]*'|[^\{'\n])*)\n/gmv;

/** Takes constants out of a text: names in capitals, whose values are numbers or texts. */
function withoutConstants(text: string, names: Map<string, string>): string {
  return text.replaceAll(CONSTANTS, (_, list: string, given: string) => {
    const values = given.match(/'[^']*'|[^,']+/gv) ?? [];
    for (const [index, name] of list.split(", ").entries()) {
      const value = values[index]?.trim() ?? "";
      names.set(name, /^(?:'[^']*'|[\d.e]+)$/v.test(value) ? value : `(${value})`);
    }
    return "";
  });
}

/** A word that is no part of another one, no field, and in no text. */
const WORD = /'(?:[^'\\]|\\.)*'|(?<![\w.])[A-Za-z_]\w*/gv;

/**
 * Writes keys, arguments and constants where their names stand: a local variable costs each run a place, and each
 * function that uses it another one, which takes Lua the longer to find the more there are.
 * @throws Error if a name is that of a variable too
 */
function withValues(file: string, text: string, names: ReadonlyMap<string, string>): string {
  for (const [, list = ""] of text.matchAll(
    /(?:local |function\b[^\(]*\(|for )(?<list>[\w, ]+)/gv,
  )) {
    const taken = list.split(/[, ]+/v).find((name) => names.has(name));
    if (taken !== undefined)
      throw new Error(`${file}: ${taken} is a variable, and stands for a value`);
  }
  return text.replaceAll(WORD, (word) => names.get(word) ?? word);
}

const FUNCTION =
  /^local function (?<short>\w+)\([^\n]*\bend\n|^local function (?<name>\w+)\([^\n]*\n(?:[^\n]*\n)*?end\n/gmv;

/** Leaves out the shared functions that the script does not use: to make a function costs each run. */
function withoutUnused(text: string): string {
  const used = text.replaceAll(FUNCTION, (whole, short?: string, name?: string) => {
    const found = text.match(new RegExp(String.raw`\b${name ?? short}\b`, "gv")) ?? [];
    const inside = whole.match(new RegExp(String.raw`\b${name ?? short}\b`, "gv")) ?? [];
    return found.length === inside.length ? "" : whole;
  });
  return used === text ? text : withoutUnused(used);
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
  const names = namesOf(header);
  const used = withoutUnused(withoutComments(withIncludes(source)));
  const text = prologue(header) + withValues(file, withoutConstants(used, names), names);
  const sha1 = createHash("sha1").update(text).digest("hex");
  const constant = name.toUpperCase();
  const keys = header.keys.map((each) => passed("keys", each)).join(", ");
  const args = header.args.map((each) => passed("args", each)).join(", ");
  const parameters = [...parameter("keys", header.keys), ...parameter("args", header.args)];
  const codes = [...header.codes].map(([code, number]) => `${code}: ${number}`).join(", ");
  const declarations = [
    `const ${constant}: LuaScript = ${JSON.stringify({ name, sha1, text, commands: commandsOf(used) })};`,
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
