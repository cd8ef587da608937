import { expect, test } from "bun:test";
import type { Catalog } from "../../src/mcp/catalog/catalog.ts";
import { createScope } from "../../src/mcp/downstream/scope.ts";
import type { ServerRef } from "../../src/mcp/upstream/connections.ts";
import type { Visit } from "../../src/mcp/visit.ts";

test("what a project shows is ready at once until something of it is another, or its servers were not looked at for long", async () => {
  let [asked, made, revision, now] = [0, 0, 1, 1_000];
  const catalog = {
    revision: () => revision,
    revisionOf: () => revision,
    async entriesOf() {
      asked++;
      return [];
    },
    view: async () => ({ number: ++made }),
  } as unknown as Catalog;
  const { viewOf, forget } = createScope(catalog, { now: () => now });
  const serversAt = (version: number) => [{ id: "s", name: "up", version, fields: {} }] as unknown as ServerRef[];
  const visit = (servers: readonly ServerRef[], version = 1, server?: string) =>
    ({ admission: { project: { id: "p", version }, servers }, endpoint: { transport: "streamable", server } }) as Visit;
  const look = async (...of: Parameters<typeof visit>) => {
    await viewOf(visit(...of), {});
    return { asked, made };
  };
  const servers = serversAt(1);

  expect(await look(servers)).toEqual({ asked: 1, made: 1 });
  expect(viewOf(visit(servers), {})).not.toBeInstanceOf(Promise);
  expect(await look(serversAt(1))).toEqual({ asked: 1, made: 1 });
  now += 100;
  expect(await look(servers)).toEqual({ asked: 2, made: 1 });
  revision++;
  expect(await look(servers)).toEqual({ asked: 3, made: 2 });
  expect(await look(serversAt(2))).toEqual({ asked: 4, made: 3 });
  expect(await look(serversAt(2), 2)).toEqual({ asked: 5, made: 4 });
  expect(await look(serversAt(2), 2, "up")).toEqual({ asked: 6, made: 5 });
  expect(await look(serversAt(2), 2)).toEqual({ asked: 6, made: 5 });
  forget("p");
  expect(await look(serversAt(2), 2)).toEqual({ asked: 7, made: 6 });
  await viewOf(visit(serversAt(2), 2), { elicitation: {} });
  expect(asked).toBe(8);
});
