import { relative } from "node:path";

import type { Failure } from "./failure.ts";
import type { Ledger } from "./ledger.ts";
import type { FileFacts } from "./measure-file.ts";
import { counted, grouped, humanSize, printable } from "./text.ts";

const HASH_DIGITS = 12;
const HEADER = ["size", "lines", "sha-256", "file"] as const;

/** What is printed at the end: the largest files, what failed, and the totals. */
export function report(ledger: Ledger, folder: string): string {
  const sections = [
    largestTable(ledger.largest, folder),
    failureList(ledger, folder),
    totals(ledger),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function largestTable(largest: readonly FileFacts[], folder: string): string {
  if (largest.length === 0) return "";
  const rows = largest.map(({ bytes, lines, sha256, path }) => [
    humanSize(bytes),
    grouped(lines),
    sha256.slice(0, HASH_DIGITS),
    shortened(path, folder),
  ]);
  return aligned([[...HEADER], ...rows]).join("\n");
}

function aligned(rows: ReadonlyArray<readonly string[]>): readonly string[] {
  const width = (column: number): number =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = [width(0), width(1), width(2)];
  return rows.map(([size = "", lines = "", hash = "", file = ""]) =>
    [
      size.padStart(widths[0] ?? 0),
      lines.padStart(widths[1] ?? 0),
      hash.padEnd(HASH_DIGITS),
      file,
    ].join("  "),
  );
}

function failureList({ failures, failed, unlistedFolders }: Ledger, folder: string): string {
  if (failures.length === 0) return "";
  const line = ({ path, problem }: Failure): string => `  ${shortened(path, folder)}: ${problem}`;
  const unlisted = failed + unlistedFolders - failures.length;
  const more = unlisted > 0 ? [`  and ${grouped(unlisted)} more`] : [];
  return ["Failed:", ...failures.map(line), ...more].join("\n");
}

function totals(ledger: Ledger): string {
  const { succeeded, bytes, lines, ended, seconds } = ledger;
  const sizes = `${humanSize(bytes)} (${counted(bytes, "byte")})`;
  return [
    `${counted(succeeded, "file")}, ${sizes}, ${counted(lines, "line")}`,
    leftOut(ledger),
    `${seconds.toFixed(2)} s, ${grouped(ended / seconds)} jobs/s`,
  ].join("\n");
}

function leftOut({ failed, skipped, unlistedFolders }: Ledger): string {
  const parts = [`${counted(failed, "job")} failed`];
  if (unlistedFolders > 0) parts.push(`${counted(unlistedFolders, "folder")} not listed`);
  if (skipped > 0) parts.push(`${grouped(skipped)} skipped (not regular files)`);
  return parts.join(", ");
}

function shortened(path: string, folder: string): string {
  return printable(relative(folder, path) || ".");
}
