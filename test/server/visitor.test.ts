import { expect, test } from "bun:test";
import { okHead } from "../../src/mcp/answers.ts";
import { streamHead } from "../../src/mcp/downstream/event-out.ts";
import { withCors } from "../../src/server/cors.ts";
import { answerOf } from "../../src/server/signed.ts";
import { HttpVisitor } from "../../src/server/visitor.ts";

const url = "http://127.0.0.1/mcp";
const page = "https://ui.example.com";

test("a head is kept, and each answer has words of its own all the same", () => {
  const [one, other] = [answerOf("1", okHead), answerOf("2", okHead)];
  const toPage = withCors(answerOf("3", okHead), new Request(url, { headers: { origin: page } }), [page]);
  expect(toPage.headers.get("access-control-allow-origin")).toBe(page);
  const after = answerOf("4", okHead);
  const ids = [one, other, toPage, after].map(({ headers }) => headers.get("x-request-id"));
  expect(new Set(ids).size).toBe(4);
  for (const { headers } of [one, other, after])
    expect([...headers.keys()].toSorted()).toEqual(["content-type", "vary", "x-mcpctl-version", "x-request-id"]);
});

/** Somebody who comes, and what was done about the silence of their connection. */
function coming() {
  const timeouts: number[] = [];
  const visitor = new HttpVisitor(new Request(url), { project: "p", transport: "streamable" }, undefined, {
    timeout: (_, seconds) => void timeouts.push(seconds),
    response: answerOf,
    refused: (why) => new Response(String(why), { status: 500 }),
  });
  return { visitor, timeouts };
}

test("the first answer counts, whatever follows", async () => {
  const { visitor } = coming();
  visitor.answer("first", okHead);
  visitor.answer("second", okHead);
  visitor.fail("too late");
  visitor.over();
  expect(await (await visitor.answered).text()).toBe("first");
});

test("who is never answered is told that something is wrong here", async () => {
  const { visitor } = coming();
  visitor.over();
  expect((await visitor.answered).status).toBe(500);
});

test("a stream may be silent; what was answered at once sets no alarm when it lasts", async () => {
  const { visitor, timeouts } = coming();
  visitor.answer("", streamHead);
  visitor.lasts();
  expect(timeouts).toEqual([0]);
});
