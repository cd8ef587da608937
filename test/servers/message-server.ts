// A server of a few lines on a free port: what is not a POST is 405, what is a notification is taken, all else is answered.

/** What stands in the answer beside its id, or a whole response. */
// biome-ignore lint/suspicious/noExplicitAny: messages of every shape.
type Answer = (message: any, request: Request, body: string) => object | Promise<object>;

export function serveMessages(answer: Answer) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      if (request.method !== "POST") return new Response(null, { status: 405 });
      const body = await request.text();
      const message = JSON.parse(body);
      const outcome = await answer(message, request, body);
      if (outcome instanceof Response) return outcome;
      if (message.id === undefined) return new Response(null, { status: 202 });
      return Response.json({ jsonrpc: "2.0", id: message.id, ...outcome });
    },
  });
  return { url: `http://127.0.0.1:${server.port}/mcp`, stop: () => server.stop(true) };
}
