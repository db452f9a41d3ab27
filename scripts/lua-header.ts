/** One key or argument of a script, as its header tells it. */
export interface Parameter {
  /** As in Lua: `parked_counts`. */
  readonly name: string;
  /** Its place among KEYS or ARGV, from 1. */
  readonly index: number;
  /** Whether it stands for all from its place on. */
  readonly isRest: boolean;
  /** Of a key: what Redis keeps there. Of an argument: text, number or flag; empty for a rest. */
  readonly kind: string;
  readonly meaning: string;
}

/** What the comment at the start of a script tells. */
export interface Header {
  readonly summary: string;
  readonly keys: readonly Parameter[];
  readonly args: readonly Parameter[];
  /** Numbers in replies, by name. */
  readonly codes: ReadonlyMap<string, number>;
}

const PARAMETER =
  /^-- (?<list>KEYS|ARGV)\[(?<index>\d+)(?<rest>\.\.)?\] (?<name>\w+)(?: \((?<kind>[^\)]+)\))?: (?<meaning>.*)$/gmv;

/** The commands that the text of a script runs, to be undone included: the rights that its user needs. */
export function commandsOf(text: string): readonly string[] {
  const found = text.matchAll(/\b(?:call|write)\('(?<command>[A-Z]+)'/gv);
  const undone = text.matchAll(/(?:\bpcall\(|\{ )'(?<command>[A-Z]+)', /gv);
  const commands = [...found, ...undone].map(({ groups }) => groups?.["command"] ?? "");
  return [...new Set(commands)].toSorted();
}

/** @throws Error if a place is missing, or a kind is not known */
export function parseHeader(file: string, source: string): Header {
  const comment = source.slice(0, source.search(/^(?!--)/mv));
  const found = [...comment.matchAll(PARAMETER)].map(({ groups = {} }) => ({
    list: groups["list"],
    name: groups["name"] ?? "",
    index: Number(groups["index"]),
    isRest: groups["rest"] !== undefined,
    kind: groups["kind"] ?? "",
    meaning: groups["meaning"] ?? "",
  }));
  const keys = found.filter(({ list }) => list === "KEYS");
  const args = found.filter(({ list }) => list === "ARGV");
  for (const parameters of [keys, args]) checkPlaces(file, parameters);
  for (const { name, kind, isRest } of args) {
    if (isRest ? kind === "" : ["text", "number", "flag"].includes(kind)) continue;
    throw new Error(`${file}: the argument ${name} must be (text), (number) or (flag)`);
  }
  const codes = /^-- Codes: (?<codes>.*)$/mv.exec(comment)?.groups?.["codes"] ?? "";
  return {
    summary: firstSentence(comment),
    keys,
    args,
    codes: new Map(
      [...codes.matchAll(/(?<name>\w+) (?<value>-?\d+)/gv)].map(({ groups }) => [
        groups?.["name"] ?? "",
        Number(groups?.["value"]),
      ]),
    ),
  };
}

function firstSentence(comment: string): string {
  const text = comment.replaceAll(/^-- ?/gmv, "").replaceAll("\n", " ");
  return /^.*?\.(?= )/v.exec(text)?.[0] ?? text;
}

function checkPlaces(file: string, parameters: readonly Parameter[]): void {
  for (const [position, { name, index, isRest }] of parameters.entries()) {
    if (index !== position + 1) throw new Error(`${file}: ${name} is not at place ${index}`);
    if (isRest && position + 1 < parameters.length) {
      throw new Error(`${file}: nothing can come after ${name}`);
    }
  }
}
