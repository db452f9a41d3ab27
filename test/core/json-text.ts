/** JSON texts as any producer may write them: odd numbers, escapes, spaces, repeated keys. */
import * as fc from "fast-check";

/** Space that JSON allows between tokens. */
export const spaceText: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom(" ", "\t", "\n", "\r"),
  maxLength: 2,
});

/** Numbers that a JavaScript number would not give back as they were written. */
export const ODD_NUMBERS: readonly string[] = [
  "123456789012345678",
  "-9007199254740993",
  "1234567890123456789012345678901234567890",
  "0.1234567890123456",
  "0.10000000000000000555",
  "1e400",
  "-1E+400",
  "-0",
  "-0.0",
  "2.50",
  "1E+2",
];

/** Any UTF-16 code unit, halves of surrogate pairs included. */
export const codeUnit: fc.Arbitrary<string> = fc
  .oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xff_ff }))
  .map((unit) => String.fromCodePoint(unit));

const numberText = fc.oneof(
  fc.constantFrom(...ODD_NUMBERS),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);

/** Pieces of the inside of a string that could mislead a reader of the text. */
const ODD_PIECES: readonly string[] = [
  String.raw`\"`,
  String.raw`\\`,
  String.raw`\\\"`,
  String.raw`\/`,
  String.raw`\ud800`,
  String.raw`\u0061t`,
  String.raw`\"at\":1,`,
  "\uDC00",
  "\u2028",
  "☃",
  "😀",
  "}",
  "]",
  "{",
  "[",
  ",",
  ":",
  "at",
  "at_us",
  "status",
  "retries",
  "__proto__",
];

/** The inside of a JSON string, without its quotes. */
export const stringInside: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...ODD_PIECES),
      fc.string({ unit: codeUnit, maxLength: 5 }).map((text) => JSON.stringify(text).slice(1, -1)),
    ),
    { maxLength: 5 },
  )
  .map((pieces) => pieces.join(""));

/**
 * Whether a key has no backslash. Once V8 has read an object with a backslash in a key, JSON.parse()
 * misreads escapes in later keys (nodejs/node#63785), and these tests compare with JSON.parse().
 */
function isSafeKey(key: string): boolean {
  return !key.includes("\\");
}

/** The inside of a key, without its quotes. */
export const keyInside: fc.Arbitrary<string> = stringInside.filter((inside) =>
  isSafeKey(JSON.parse(`"${inside}"`) as string),
);

/** Keys of objects to be written as JSON. */
export const anyKey: fc.Arbitrary<string> = fc.string({ unit: codeUnit }).filter(isSafeKey);

/** Values that JSON carries. */
export const anyJsonValue: fc.Arbitrary<unknown> = fc.anything({
  key: anyKey,
  values: [
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: codeUnit }),
  ],
});

// A type, not an interface: letrec() asks for a Record.
type Texts = Readonly<Record<"value" | "array" | "object", string>>;

const texts = fc.letrec<Texts>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    numberText,
    stringInside.map((inside) => `"${inside}"`),
    fc.constantFrom("true", "false", "null", "[]", "{}", "[[],{}]"),
    tie("array"),
    tie("object"),
  ),
  array: spaced(tie("value")).map((inside) => `[${inside}]`),
  object: spaced(
    fc
      .tuple(keyInside, spaceText, tie("value"))
      .map(([key, space, value]) => `"${key}"${space}:${space}${value}`),
  ).map((inside) => `{${inside}}`),
}));

/** Parts with space around them and commas between. */
function spaced(part: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const withSpace = fc.tuple(spaceText, part).map(([space, text]) => space + text + space);
  return fc.array(withSpace, { maxLength: 4 }).map((parts) => parts.join(","));
}

/** Any JSON text. */
export const valueText: fc.Arbitrary<string> = texts.value;

/** Any JSON text that is an array. */
export const arrayText: fc.Arbitrary<string> = texts.array;

/** Any JSON text that is an object; a key may come twice. */
export const objectText: fc.Arbitrary<string> = texts.object;
