// A static answer: what no server of the same bytes can be cheaper than. `bun bench/programs/static.ts PORT FILE`.
const [, , port, file = ""] = process.argv;
const bytes = await Bun.file(file).bytes();
const head = { headers: { "content-type": "application/json" } };

Bun.serve({
  port: Number(port),
  hostname: "127.0.0.1",
  idleTimeout: 0,
  async fetch(request) {
    await request.arrayBuffer();
    return new Response(bytes, head);
  },
});
