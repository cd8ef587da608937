import { newId } from "../../../src/lib/id.ts";
import type { Outcome } from "../../../src/mcp/answers.ts";
import { createServed } from "../../../src/mcp/prompts/served.ts";
import { createShelf, type ShelfOptions } from "../../../src/mcp/prompts/shelf.ts";
import type { Connections, ServerRef } from "../../../src/mcp/upstream/connections.ts";
import { openDatabase } from "../../../src/storage/open.ts";
import { putLink } from "../../../src/storage/prompt-links.ts";
import { deleteResource, findResource, insertResource, replaceResource } from "../../../src/storage/resources.ts";
import { logTo } from "../../log.ts";

type Request = (server: ServerRef, params: { uri: string; _meta: Record<string, unknown> }) => Promise<Outcome>;

export const answering = (text: string): Outcome => ({
  result: JSON.stringify({ contents: [{ uri: "x", text }] }),
});

/** A shelf over a real database with its own clock; `serve` is what servers answer to resources/read. */
export async function shelfWorld(options: Partial<ShelfOptions> = {}) {
  let now = 1_700_000_000_000;
  const clock = { now: () => now };
  const lines: string[] = [];
  const db = openDatabase("sqlite::memory:");
  const seen: { server: string; uri: string }[] = [];
  const rights = { allowed: true };
  const serving: { request: Request } = { request: async (server, { uri }) => answering(`${server.name} says ${uri}`) };
  const connections = {
    get: async (server: ServerRef) => ({
      request: async (_: string, params: string) => {
        const parsed = JSON.parse(params);
        seen.push({ server: server.name, uri: parsed.uri });
        return await serving.request(server, parsed);
      },
    }),
  } as unknown as Connections;

  async function put(kind: string, name: string, fields: Record<string, unknown>): Promise<string> {
    const id = newId();
    await db.write(function* () {
      yield* insertResource({ id, kind, name, version: 1, fields, createdAt: now, updatedAt: now });
    });
    return id;
  }
  async function change(kind: string, id: string, fields: Record<string, unknown>): Promise<void> {
    await db.write(function* () {
      const row = yield* findResource(kind, id);
      if (row !== undefined) yield* replaceResource({ ...row, version: row.version + 1, fields }, row.version);
    });
  }
  const remove = (id: string) => db.write(() => deleteResource(id));

  const shelf = await createShelf({
    db,
    connections,
    clock,
    log: logTo((line) => void lines.push(line), clock.now),
    *record() {},
    *mayRead() {
      return rights.allowed;
    },
    ...options,
  });

  /** A prompt that is a link, bound as the guarded store binds it. */
  async function putLinked(name: string, project: string | undefined, link: string): Promise<string> {
    const id = await put("prompt", name, { ...(project === undefined ? {} : { project }), priority: 5, link });
    const [target = "", server = ""] = link.split(/[/:]/);
    await db.write(function* () {
      const projectId = (yield* findResource("project", target))?.id ?? "";
      const serverId = (yield* findResource("server", server))?.id ?? "";
      yield* putLink(id, { ownerId: newId(), projectId, serverId });
    });
    return id;
  }

  return {
    db,
    clock,
    lines,
    seen,
    rights,
    serving,
    put,
    putLinked,
    change,
    remove,
    shelf,
    served: createServed(shelf),
    changed: (...kinds: string[]) => shelf.changed(new Set(kinds)),
    changedAlone: (kind: string, ...ids: string[]) => shelf.changed(new Set([kind]), ids),
    advance: (ms: number) => {
      now += ms;
    },
    [Symbol.dispose]: () => {
      shelf.close();
      db.close();
    },
  };
}

/** Lets what is done behind everybody's back come to its end. */
export async function settled(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 5_000; !holds(); await Bun.sleep(1))
    if (performance.now() > end) throw new Error("it never happened");
}
