import { inTurns } from "../../src/lib/share.ts";
import type { Outcome } from "../../src/mcp/answers.ts";
import { Boning, longMessage } from "../../src/mcp/bones.ts";
import { giveNames } from "../../src/mcp/catalog/given-names.ts";
import { buildView } from "../../src/mcp/catalog/view.ts";
import { type Inbound, type Judged, judge } from "../../src/mcp/downstream/inbound.ts";
import { judgeLong } from "../../src/mcp/downstream/long.ts";
import { methods } from "../../src/mcp/downstream/methods.ts";
import { request } from "../../src/mcp/json-rpc.ts";
import { type Params, wholeOf } from "../../src/mcp/params.ts";
import type { ServerRef } from "../../src/mcp/upstream/connections.ts";
import { projectLimitsOf } from "../../src/resources/limits.ts";
import { atOnce } from "../at-once.ts";

/** What stands between a client's bytes and a server's: judging, and forwarding what was let in. A planted fault replaces one half. */
export type Gate = {
  judge: (text: string, headers: Headers) => Judged | Promise<Judged>;
  /** What goes out on the wire, message by message; nothing when the name leads nowhere. */
  forward: (inbound: Inbound) => Promise<string[]>;
};

const server: ServerRef = { id: "s", name: "up", version: 1, fields: { transport: "stdio", command: ["up"] } };
const item = (field: "name" | "uri" | "uriTemplate", key: string) => ({
  key,
  text: JSON.stringify({ name: key, [field]: key, inputSchema: { type: "object" } }),
});
const offer = {
  tools: [item("name", "echo"), item("name", "danger")],
  prompts: [item("name", "greet")],
  resources: [item("uri", "fixture://one"), item("uri", "fixture://two")],
  resourceTemplates: [item("uriTemplate", "fixture://by-id/{id}")],
};
const namesOf = (items: readonly { key: string }[]) =>
  atOnce(
    giveNames(
      items.map(({ key }) => ({ serverId: server.id, server: server.name, own: key })),
      new Map(),
      "prefixed",
    ),
  );
const view = await buildView([{ server, missing: undefined, offer }], {
  naming: { tools: namesOf(offer.tools), prompts: namesOf(offer.prompts) },
  schemas: "asis",
  curation: () => ({ server: server.name }),
  speakerOf: () => undefined,
});

const limits = projectLimitsOf({});

/** As the gateway does it with what is long: read as it comes, in pieces of so many bytes, and judged by its bones. */
const judgeInPieces = (bytes: number) => async (text: string, headers: Headers) => {
  const boning = new Boning();
  const all = Buffer.from(text);
  for (let at = 0; at < all.length; at += bytes) boning.add(all.subarray(at, at + bytes));
  return judgeLong(await inTurns(boning.bones()), headers, limits);
};

export const ours: Gate = {
  judge: (text, headers) =>
    text.length > longMessage ? judgeInPieces(64 * 1024)(text, headers) : judge(text, headers),
  async forward(inbound) {
    const wire: string[] = [];
    const put = (_target: unknown, method: string, params: Params) =>
      void wire.push(wholeOf(request(1, method, params)));
    const row = Object.hasOwn(methods, inbound.method ?? "") ? methods[inbound.method ?? ""] : undefined;
    if (row?.eras.includes(inbound.era) !== true) return [];
    await row.answer({
      inbound,
      face: { info: {}, instructions: undefined, known: [], isSingle: false },
      view: async () => view,
      viewWith: async () => undefined,
      may: undefined,
      policy: () => "",
      reaches: () => true,
      mayUse: () => true,
      live: undefined,
      resubscribe: async () => [],
      taskOf: () => undefined,
      own: undefined,
      shape: async () => undefined,
      isFussy: false,
      extensions: undefined,
      handOn: put,
      forward: async (...asked): Promise<Outcome> => {
        put(...asked);
        return { result: "{}" };
      },
    });
    return wire;
  },
};

/** The same with every message, cut at odd places: whatever it is, it must fare as it would in one. */
export const inPieces: Gate = { ...ours, judge: judgeInPieces(31) };
