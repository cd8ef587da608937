// A server whose one tool answers a result of the sort and size that is asked for, without work: what is measured is the way through the gateway.

/** Lines as a log has them: a few quotes to escape, nothing to divide by. `length` characters, which are bytes. */
export function textOf(length: number): string {
  const lines: string[] = [];
  for (let n = 0, sum = 0; sum < length; n++) {
    const line = `${n} the "quick" brown fox jumps over ${(n * 7919) % 10_007} lazy dogs, and the next one over it`;
    lines.push(line);
    sum += line.length + 1;
  }
  return lines.join("\n").slice(0, length);
}

/** Ten megabytes each; the number makes each round's another one, so that it is found nowhere. */
export const longTexts: Record<string, (round: number) => string> = {
  prose: (round) => `${round} ${textOf(10_000_000)}`,
  JSON: (round) =>
    JSON.stringify(
      Array.from({ length: 90_000 }, (_, id) => ({
        id,
        name: `user ${id + round}`,
        mail: `user${id}@example.org`,
        tags: ["a", "b"],
        active: id % 2 === 0,
      })),
    ),
  Markdown: (round) =>
    Array.from(
      { length: 4_000 },
      (_, n) =>
        `## Section ${n + round}\n\n${"Some words of a paragraph that says nothing much. ".repeat(49)}\n\n- \`code\` and "q"\n`,
    ).join(""),
};

const resultOf = (length: number): string => `{"content":[{"type":"text","text":${JSON.stringify(textOf(length))}}]}`;

/** What a result holds: a text, a picture, or rows as structured content beside a short text. */
export type Sort = "text" | "image" | "structured";
const makers: Record<Sort, (length: number) => string> = {
  text: resultOf,
  image: (length) =>
    JSON.stringify({ content: [{ type: "image", mimeType: "image/png", data: "QUFB".repeat(length / 4) }] }),
  structured: (length) =>
    JSON.stringify({
      content: [{ type: "text", text: "see the rows" }],
      structuredContent: {
        rows: Array.from({ length: length / 64 }, (_, id) => ({
          id,
          name: `row ${id}`,
          text: "the next one over it",
          ok: true,
        })),
      },
    }),
};

export const madeOf = (sort: Sort, length: number): string => makers[sort](length);

const properties = { length: { type: "integer" }, sort: { type: "string" } };
const tool = { name: "give", inputSchema: { type: "object", properties } };

type Call = { id?: number | string; method: string; params: Record<string, unknown> };

export function serveTexts(lengths: readonly number[]) {
  const results = new Map(
    lengths.flatMap((length) =>
      Object.entries(makers).map(([sort, make]) => [`${sort} ${length}`, make(length)] as const),
    ),
  );
  const answers: Record<string, (params: Record<string, unknown>) => string> = {
    initialize: () =>
      JSON.stringify({
        protocolVersion: "2025-06-18",
        capabilities: { tools: {} },
        serverInfo: { name: "texts", version: "1" },
      }),
    "tools/list": () => JSON.stringify({ tools: [tool] }),
    "tools/call": ({ arguments: given }) => {
      const { length, sort = "text" } = given as { length: number; sort?: Sort };
      return results.get(`${sort} ${length}`) ?? "{}";
    },
    ping: () => "{}",
  };
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (request.method !== "POST") return new Response(null, { status: 405 });
      const { id, method, params } = (await request.json()) as Call;
      if (id === undefined) return new Response(null, { status: 202 });
      const answer = answers[method]?.(params);
      const rest = answer === undefined ? `"error":{"code":-32601,"message":"no such method"}` : `"result":${answer}`;
      return new Response(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${rest}}`, {
        headers: { "content-type": "application/json" },
      });
    },
  });
}
