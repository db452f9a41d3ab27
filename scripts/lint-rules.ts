import { dirname, relative, resolve, sep } from "node:path";

import type { RuleTester } from "oxlint/plugins-dev";

/**
 * The house's own lint rules, loaded by oxlint (`jsPlugins` in .oxlintrc.json): what its
 * configuration cannot say about layers, entry points and the clock.
 */

type Rule = Parameters<RuleTester["run"]>[1];

const ROOT = resolve(import.meta.dirname, "..");

/** Each folder of src/, and the folders that it may import besides itself: docs/design.md, layers. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  platform: ["core"],
  signals: ["core"],
  queue: ["core", "platform"],
  brokers: ["core", "platform", "signals", "queue"],
  workers: ["core", "platform", "signals", "queue"],
  engine: ["core", "platform", "signals", "queue", "brokers", "workers"],
  testing: ["core", "platform", "signals", "queue", "brokers", "workers", "engine"],
};

/** The folder of src/ that holds a file; "" for a file of src/ itself; undefined outside src/. */
function layerOf(file: string): string | undefined {
  const [top, ...rest] = relative(ROOT, file).split(sep);
  if (top !== "src") return undefined;
  return rest.length > 1 ? rest[0] : "";
}

/** Why `file` may not import `specifier`, or undefined when it may. */
function forbidden(file: string, specifier: string): string | undefined {
  const from = layerOf(file);
  if (from === undefined) return undefined;
  if (!specifier.startsWith(".")) return forbiddenPackage(from, specifier);
  const to = layerOf(resolve(dirname(file), specifier));
  if (to === undefined) return "src/ may not import from outside src/: move the code into src/.";
  if (from === "" && to !== "") return undefined;
  if (to === "") return "Nothing imports an entry point: import the module it re-exports.";
  const below = LAYERS[from];
  if (below === undefined)
    return `Unknown folder src/${from}: add it to LAYERS in scripts/lint-rules.ts.`;
  if (to === from || below.includes(to)) return undefined;
  const allowed = below.length > 0 ? `src/${from} and src/{${below.join(",")}}` : `src/${from}`;
  return `src/${from} may import only from ${allowed}: move the code down, or pass it in.`;
}

function forbiddenPackage(from: string, specifier: string): string | undefined {
  if (from === "core") return "src/core is pure: pass in what comes from a package or from Node.";
  if (specifier.startsWith("node:")) return undefined;
  if (from === "brokers" && specifier.startsWith("@redis/client")) return undefined;
  return "The package has no dependency: only src/brokers may import, from its optional peer @redis/client.";
}

/** A file of src/ imports only from its own folder and from lower layers, types included. */
const layers: Rule = {
  create(context) {
    type Place = NonNullable<Parameters<typeof context.report>[0]["node"]>;
    const check = (node: Place, specifier: unknown): void => {
      const message = typeof specifier === "string" && forbidden(context.filename, specifier);
      if (message) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      TSImportType: (node) => check(node, node.source.value),
      ImportExpression: (node) =>
        check(node, node.source.type === "Literal" ? node.source.value : undefined),
    };
  },
};

/** A file at the top of src/ is an entry point: named re-exports and nothing else. */
const entryPoints: Rule = {
  create(context) {
    if (layerOf(context.filename) !== "") return {};
    return {
      Program(program) {
        for (const node of program.body) {
          if (node.type === "ExportNamedDeclaration" && node.source) continue;
          context.report({
            node,
            message: 'An entry point holds only `export { name } from "./folder/file.ts"`.',
          });
        }
      },
    };
  },
};

/** `new Date()` and `Date()` read the clock; `new Date(ms)` does not. */
const noClockDate: Rule = {
  create(context) {
    const message =
      "This reads the clock: take the time from the Runtime's clock, and give it to new Date().";
    return {
      NewExpression(node) {
        if (isDate(node.callee) && node.arguments.length === 0) context.report({ node, message });
      },
      CallExpression(node) {
        if (isDate(node.callee)) context.report({ node, message });
      },
    };
  },
};

function isDate(callee: { readonly type: string; readonly name?: unknown }): boolean {
  return callee.type === "Identifier" && callee.name === "Date";
}

const plugin: { readonly meta: { readonly name: string }; readonly rules: Record<string, Rule> } = {
  meta: { name: "house" },
  rules: { layers, "entry-points": entryPoints, "no-clock-date": noClockDate },
};
export default plugin;
