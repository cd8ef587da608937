import { Ending } from "../lib/ending.ts";
import { Problem } from "../lib/problem.ts";
import type { LlmRef, Send } from "../llm/exchange.ts";
import { createLlms } from "../llm/llms.ts";
import type { ProviderNeeds } from "../llm/provider.ts";
import { dialled, dialTo } from "../mcp/upstream/dial.ts";
import type { Egress } from "../mcp/upstream/egress.ts";
import { fieldsOf } from "../mcp/upstream/http1/request.ts";
import type { LlmFields } from "../resources/llm.ts";
import { secretValue } from "../secrets/resolve.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Database } from "../storage/op.ts";
import { listResources, type StoredResource } from "../storage/resources.ts";
import type { Rooms } from "./rooms.ts";

const connectMs = 5_000;

/**
 * How requests go to models: as those to servers do (docs/decisions/0011-private-addresses.md), but into the own network by a name too, where most
 * of them are; never to where a cloud tells credentials.
 */
export const roadTo =
  (egress: Egress): Send =>
  async ({ url, method, headers, body, signal }) => {
    const at = { url: new URL(url), setting: "url", server: undefined, trust: {}, connectMs };
    try {
      const dial = dialTo(egress, { ...at, allowPrivate: "ownNetwork" });
      return await dialled(dial, { method, fields: fieldsOf(headers), body, ending: Ending.of(signal) });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // What stands behind it are settings of servers.
      throw new Problem("unavailable", error.message.split(/; (?:put|if|reach|set) /)[0] ?? "", { cause: error });
    }
  };

/** Whose the key is in what is blotted out; an llm that is being written has no id yet. */
export const blotsOfLlm = (name: string): string => `llm/${name}`;

type LlmsNeeds = Omit<ProviderNeeds, "send" | "keyOf"> & {
  db: Database;
  /** A vault of which what is read is blotted out from then on. */
  vaultOf: (id: string) => Vault;
  egress: Egress;
};

/** All llms that are written, and how the key of one is read in a transaction. */
export async function composeLlms({ db, vaultOf, egress, ...needs }: LlmsNeeds) {
  const llmKey: Rooms["llmKey"] = function* ({ name, fields: { apiKey } }) {
    return apiKey === undefined ? undefined : yield* secretValue(vaultOf(blotsOfLlm(name)), apiKey.secretRef);
  };
  const llms = createLlms({
    ...needs,
    list: async () => (await db.read(() => listResources("llm"))).map(llmRef),
    keyOf: (llm) => db.read(() => llmKey(llm)),
    send: roadTo(egress),
  });
  await llms.sync();
  return { llms, llmKey };
}

const llmRef = ({ id, name, fields }: StoredResource): LlmRef => ({ id, name, fields: fields as LlmFields });
