import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { requestOf, startVllm } from "../interop/vllm.ts";
import { legacyClient, modernClient, type TestClient, type Wire } from "../mcp-client.ts";
import { startStreamingServer } from "../servers/streaming-server.ts";
import { type World, world } from "../world.ts";

/** One project with a server of every kind, used at the same time by clients of both eras and by what vLLM does, each several times over. */
let w: World;
let origin: string;
const token: Record<string, string> = {};
const legacyWeb = startStreamingServer({ name: "legacy-web", eras: ["legacy"] });
const modernWeb = startStreamingServer({ name: "modern-web", eras: ["modern"] });
const sse = startStreamingServer({ name: "sse" });
const servers = ["process", "web", "new-web", "old"];
const people = ["anna", "ben", "cleo"];
const rounds = 3;

beforeAll(async () => {
  w = await world();
  origin = w.listen();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      {
        kind: "server",
        name: "process",
        command: [process.execPath, join(import.meta.dir, "../servers/interactive-stdio.ts")],
      },
      { kind: "server", name: "web", url: legacyWeb.url },
      { kind: "server", name: "new-web", url: modernWeb.url },
      { kind: "server", name: "old", url: sse.sse, transport: "sse" },
      { kind: "project", name: "all", servers },
    ],
  });
  for (const name of people) token[name] = (await w.must("POST", "/api/v1/mcptokens", { name, project: "all" })).token;
  for (const name of servers) await w.until(`${name} runs`, w.isRunning(name));
});
afterAll(async () => {
  await w.close();
  await Promise.all([legacyWeb.stop(), modernWeb.stop(), sse.stop()]);
});

const namesIn = (tools: { name: string }[]) => tools.map(({ name }) => name).toSorted();
const socket = () => ({ url: origin, fetch: (request: Request) => fetch(request) });
const vllmOf = (person: string) => startVllm(`tok:${token[person]}@${new URL(origin).host}/projects/all/vllm/browser`);

/** A client that answers each question with its own marker, which nobody else has. */
const clientOf = (era: typeof legacyClient, person: string, marker: string): Promise<TestClient> =>
  era(socket(), token[person] ?? "", {
    capabilities: { elicitation: { form: {} } },
    answer: () => ({ action: "accept", content: { marker } }),
  });

/** Everything at once: of each server a question and an echo. Answers whose markers came back. */
async function used(client: TestClient, marker: string): Promise<unknown[]> {
  const calls = servers.flatMap((server) => [
    client.request("tools/call", { name: `${server}__ask`, arguments: {} }),
    client.request("tools/call", { name: `${server}__echo`, arguments: { text: marker } }),
  ]);
  return (await Promise.all(calls)).map((answered: Wire) => {
    const text: string = answered.result?.content[0].text ?? JSON.stringify(answered);
    return text.startsWith("{") ? JSON.parse(text).content?.marker : text;
  });
}

test("a legacy client, a modern one and vLLM see the same tools of all servers", async () => {
  const legacy = await clientOf(legacyClient, "anna", "");
  const modern = await clientOf(modernClient, "anna", "");
  const vllm = await vllmOf("anna");
  const seen = namesIn((await legacy.request("tools/list")).result.tools);
  expect(seen).toEqual(expect.arrayContaining(servers.map((server) => `${server}__ask`)));
  expect(namesIn((await modern.request("tools/list")).result.tools)).toEqual(seen);
  expect(namesIn(vllm.namespaces.get("browser")?.tools ?? [])).toEqual(seen);
});

test("a question of each server reaches each client that can answer, all at once, and no answer is another's", async () => {
  const clients = await Promise.all(
    people.flatMap((person) =>
      [legacyClient, modernClient].map(async (era) => {
        const marker = crypto.randomUUID();
        return { marker, client: await clientOf(era, person, marker) };
      }),
    ),
  );
  const alongside = Promise.all(people.map((person) => vllmUses(person, crypto.randomUUID())));
  const answered = await Promise.all(
    clients.flatMap(({ client, marker }) =>
      Array.from({ length: rounds }, async () => ({ marker, came: await used(client, marker) })),
    ),
  );
  for (const { marker, came } of answered) expect(new Set(came)).toEqual(new Set([marker]));
  for (const { client } of clients) expect(client.asked.length).toBeGreaterThanOrEqual(rounds * servers.length);
  await alongside;
});

/** It cannot be asked: what each server makes of that is something that a model can read, and its other calls are as ever. */
async function vllmUses(person: string, marker: string): Promise<void> {
  const vllm = await vllmOf(person);
  for (const server of servers) {
    const [echoed, asked = ""] = await requestOf(vllm, "browser", [
      [`${server}__echo`, { text: marker }],
      [`${server}__ask`, {}],
    ]);
    expect(echoed).toBe(marker);
    expect(asked).toMatch(/did not say that it can be asked|cannot be attributed to one of the calls/);
  }
}
