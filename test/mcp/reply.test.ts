import { expect, test } from "bun:test";
import { okHead } from "../../src/mcp/answers.ts";
import { createReaders } from "../../src/mcp/downstream/readers.ts";
import { Reply } from "../../src/mcp/downstream/reply.ts";
import { visitorOf } from "../visitor.ts";

test("whose answer cannot be said is told why, instead of waiting for ever", async () => {
  const visitor = visitorOf(new Request("http://127.0.0.1/mcp"), { project: undefined, transport: "streamable" });
  visitor.answer = () => {
    throw new Error("no such head");
  };
  new Reply(visitor, "1", "never", createReaders(), undefined).end({ result: "{}" }, okHead);
  expect(visitor.answered).rejects.toThrow("no such head");
  await visitor.answered.catch(() => {});
});
