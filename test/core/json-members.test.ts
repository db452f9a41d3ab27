import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { topLevelMembers } from "../../src/core/json-members.ts";
import { objectText, spaceText } from "./json-text.ts";

function readMembers(text: string): Array<[string, unknown]> {
  return topLevelMembers(text).map(({ key, start, end }) => [
    JSON.parse(`"${key}"`) as string,
    JSON.parse(text.slice(start, end)) as unknown,
  ]);
}

test("topLevelMembers() finds the members that JSON.parse() finds, of any object", () => {
  fc.assert(
    fc.property(spaceText, objectText, (space, object) => {
      const text = space + object + space;
      assert.deepEqual(Object.fromEntries(readMembers(text)), JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test("topLevelMembers() leaves no space in a value", () => {
  fc.assert(
    fc.property(objectText, (text) => {
      for (const { start, end } of topLevelMembers(text)) {
        assert.equal(text.slice(start, end), text.slice(start, end).trim());
      }
    }),
  );
});

const cases: ReadonlyArray<
  readonly [text: string, members: ReadonlyArray<readonly [string, string]>]
> = [
  ["{}", []],
  [" {\n} ", []],
  ['{"a":1}', [["a", "1"]]],
  [
    ' { "a" : -1.5e+3 , "b" : null } ',
    [
      ["a", "-1.5e+3"],
      ["b", "null"],
    ],
  ],
  [
    '{"a":{"b":1},"c":[[2],{"d":3}]}',
    [
      ["a", '{"b":1}'],
      ["c", '[[2],{"d":3}]'],
    ],
  ],
  [
    String.raw`{"a":"\\","b":"\""}`,
    [
      ["a", String.raw`"\\"`],
      ["b", String.raw`"\""`],
    ],
  ],
  [
    String.raw`{"a\":\\":["]",{"}":"\\\""}]}`,
    [[String.raw`a\":\\`, String.raw`["]",{"}":"\\\""}]`]],
  ],
  [
    '{"a":1,"a":2}',
    [
      ["a", "1"],
      ["a", "2"],
    ],
  ],
];
for (const [text, members] of cases) {
  test(`topLevelMembers() reads ${JSON.stringify(text)}`, () => {
    const found = topLevelMembers(text).map(({ key, start, end }) => [key, text.slice(start, end)]);
    assert.deepEqual(found, members);
  });
}
