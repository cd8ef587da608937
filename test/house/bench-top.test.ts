import { expect, test } from "bun:test";
import { type Profile, topOf } from "../../bench/top.ts";

const frame = (functionName: string, url = "", lineNumber = -1) => ({ functionName, url, lineNumber });
const profile: Profile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 5] },
    { id: 2, callFrame: frame("serve", "file:///here/src/serve.ts", 9), children: [3] },
    { id: 3, callFrame: frame("again", "file:///here/src/again.ts", 4), children: [4] },
    { id: 4, callFrame: frame("again", "file:///here/src/again.ts", 4) },
    { id: 5, callFrame: frame("(idle)") },
  ],
  samples: [2, 3, 4, 4, 5, 5, 5],
};

test("the functions that most samples were in, one that calls itself counted once, and nothing of what was idle", () => {
  expect(topOf(profile, 20, "/here")).toBe(
    "| alone | with what it calls | function |\n|---|---|---|\n" +
      "| 75.0 % | 75.0 % | `again` src/again.ts:5 |\n| 25.0 % | 100.0 % | `serve` src/serve.ts:10 |\n",
  );
  expect(topOf(profile, 1, "/here").split("\n")).toHaveLength(4);
});
