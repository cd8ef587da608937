import { expect, test } from "bun:test";
import { createChanges, type Subscriber } from "../../src/mcp/downstream/changes.ts";
import type { ServerRef } from "../../src/mcp/upstream/connections.ts";
import type { Admission } from "../../src/mcp/visit.ts";
import { until } from "./upstream/ways.ts";

const server = { id: "s", name: "files" } as ServerRef;
const admitted = { servers: [server] } as unknown as Admission;

function setUp(admission: () => Promise<Admission> = async () => admitted) {
  const changes = createChanges({ follow: async () => {}, unfollow: () => {} });
  const subscribe = (subject: string) => {
    const heard: string[] = [];
    const subscriber: Subscriber = {
      admission,
      projectId: "p",
      subject,
      lists: new Set(["tools"]),
      end: () => {},
      shown: (_, key) => (key === "file:///a" ? { name: key } : undefined),
      tell: (_, params) => void heard.push(JSON.parse(params).text),
    };
    changes.subscribe(subscriber);
    return heard;
  };
  const update = (text: string, subject?: string) =>
    changes.heard(server, "notifications/resources/updated", JSON.stringify({ uri: "file:///a", text }), subject);
  return { changes, subscribe, update };
}

test("what a server says in the conversation of one caller is told to no other", async () => {
  const { subscribe, update } = setUp();
  const [mine, theirs] = [subscribe("User:a"), subscribe("User:b")];
  update("secret", "User:a");
  await Bun.sleep(5);
  expect([mine, theirs]).toEqual([["secret"], []]);
});

test("a flood is told in part, its last word among it, and never twice at a time", async () => {
  let asking = 0;
  let most = 0;
  const { changes, subscribe, update } = setUp(async () => {
    most = Math.max(most, ++asking);
    await Bun.sleep(150);
    asking--;
    return admitted;
  });
  const heard = subscribe("User:a");
  for (let n = 0; n < 1_000; n++) update(`${n}`);
  await until("the last word is told", () => heard.includes("999"));
  expect(heard).toEqual(["0", "999"]);
  for (let n = 0; n < 5; n++) {
    changes.heard(server, "notifications/tools/list_changed", "{}", undefined);
    await Bun.sleep(110);
  }
  expect(most).toBe(1);
  changes.close();
});
