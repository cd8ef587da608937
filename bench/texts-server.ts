// A server whose one tool answers a text of the size that is asked for, without work: what is measured is the way through the gateway.

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

export const resultOf = (length: number): string =>
  `{"content":[{"type":"text","text":${JSON.stringify(textOf(length))}}]}`;

const tool = { name: "give", inputSchema: { type: "object", properties: { length: { type: "integer" } } } };

type Call = { id?: number | string; method: string; params: Record<string, unknown> };

export function serveTexts(lengths: readonly number[]) {
  const results = new Map(lengths.map((length) => [length, resultOf(length)]));
  const answers: Record<string, (params: Record<string, unknown>) => string> = {
    initialize: () =>
      JSON.stringify({
        protocolVersion: "2025-06-18",
        capabilities: { tools: {} },
        serverInfo: { name: "texts", version: "1" },
      }),
    "tools/list": () => JSON.stringify({ tools: [tool] }),
    "tools/call": ({ arguments: given }) => results.get((given as { length: number }).length) ?? "{}",
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
