import { expect, test } from "bun:test";
import { EventOut } from "../../src/mcp/downstream/event-out.ts";
import { jsonBody } from "../../src/mcp/downstream/json-body.ts";
import { createReaders, mostUnreadInAll } from "../../src/mcp/downstream/readers.ts";

let dropped = 0;
const readers = createReaders(() => dropped++);

const megabyte = "x".repeat(1024 * 1024);

test("who reads nothing is let go of, and what it left unread with it", () => {
  let closed = 0;
  const out = new EventOut(readers, { onClose: () => closed++ });
  for (let n = 0; n < 40; n++) out.send(megabyte);
  expect([out.isOpen(), out.isBehind(), closed]).toEqual([false, false, 1]);
});

test("all together leave no more unread than there is room for; who reads stays", async () => {
  const reader = new EventOut(readers);
  const lazy = Array.from({ length: mostUnreadInAll / 1024 / 1024 / 15 + 2 }, () => new EventOut(readers));
  for (const out of lazy) for (let n = 0; n < 15; n++) out.send(megabyte);
  reader.send("small");
  await Bun.sleep(1_300);
  expect(lazy.filter((out) => !out.isOpen()).length).toBeGreaterThan(0);
  expect(lazy.filter((out) => out.isOpen()).length * 15 * 1024 * 1024).toBeLessThanOrEqual(
    mostUnreadInAll + 1024 * 1024,
  );
  expect(reader.isOpen()).toBe(true);
  for (const out of [...lazy, reader]) out.close();
});

test("an answer that stands alone counts among them, and comes whole to who reads it", async () => {
  const text = `{"x":"${"ä".repeat(500_000)}"}`;
  expect(jsonBody("small", readers)).toBe("small");
  expect(jsonBody("x".repeat(16 * 1024), readers)).toBeString();
  const before = readers.size();
  // All of it is there when it begins: nobody has to be watched, and it takes one system call.
  const atOnce = new Response(jsonBody(`${"x".repeat(100 * 1024)}ä`, readers)).body?.getReader();
  expect(readers.size()).toBe(before);
  expect((await atOnce?.read())?.value?.length).toBe(100 * 1024 + 2);
  expect((await atOnce?.read())?.done).toBeTrue();
  expect(await new Response(jsonBody(text, readers)).text()).toBe(text);
  expect(readers.size()).toBe(before);
  // They are written on one desk, one after the other, and each is its own.
  const served = Bun.serve({
    port: 0,
    fetch: async ({ url }) => new Response(jsonBody([new URL(url).search.repeat(20_000), "ä"], readers)),
  });
  const names = Array.from({ length: 20 }, (_, n) => `?${n}`);
  const answers = await Promise.all(names.map(async (name) => await (await fetch(`${served.url}${name}`)).text()));
  expect(answers).toEqual(names.map((name) => `${name.repeat(20_000)}ä`));
  await served.stop(true);
  // Of two halves each, and so never where a piece would end by itself.
  const astral = `"${"😀".repeat(100_000)}"`;
  expect(await new Response(jsonBody(astral, readers)).text()).toBe(astral);
});

test("and who does not read it is let go of before all that is unread is too much", async () => {
  const before = readers.size();
  const huge = `"${"x".repeat(16 * 1024 * 1024)}"`;
  const served = Bun.serve({ port: 0, fetch: async () => new Response(jsonBody(huge, readers)) });
  const ends: string[] = [];
  let isLazy = true;
  const clients = await Promise.all(
    Array.from({ length: 14 }, (_, n) =>
      Bun.connect({
        hostname: "127.0.0.1",
        port: served.port ?? 0,
        socket: {
          open: (socket) => void socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
          data: (socket, bytes) => {
            ends[n] = `${ends[n]}${bytes.toString("latin1")}`.slice(-5);
            if (isLazy) socket.pause();
          },
        },
      }),
    ),
  );
  const from = dropped;
  while (dropped === from) await Bun.sleep(50);
  expect(readers.unread()).toBeLessThanOrEqual(mostUnreadInAll);
  // Who reads on has all of it, and who was let go of has nothing that looks whole.
  isLazy = false;
  for (const client of clients) client.resume();
  while (readers.size() > before) await Bun.sleep(10);
  await Bun.sleep(200);
  expect(ends.filter((end) => end !== "0\r\n\r\n").length).toBe(dropped - from);
  for (const client of clients) client.terminate();
  await served.stop(true);
}, 10_000);
