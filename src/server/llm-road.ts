import { Problem } from "../lib/problem.ts";
import type { LlmRef, Send } from "../llm/exchange.ts";
import { dial } from "../mcp/upstream/dial.ts";
import type { Egress } from "../mcp/upstream/egress.ts";
import type { LlmFields } from "../resources/llm.ts";
import { secretValue } from "../secrets/resolve.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Op } from "../storage/op.ts";
import type { StoredResource } from "../storage/resources.ts";

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
      return await dial(
        egress,
        { ...at, allowPrivate: "ownNetwork" },
        { method, headers, signal, ...(body && { body }) },
        true,
      );
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // What stands behind it are settings of servers.
      throw new Problem("unavailable", error.message.split(/; (?:put|if|reach|set) /)[0] ?? "", { cause: error });
    }
  };

/** The key that an llm has at this moment. @throws Problem `unavailable` when its secret is not there */
export function* llmKey(vault: Vault, { apiKey }: LlmFields): Op<string | undefined> {
  return apiKey === undefined ? undefined : yield* secretValue(vault, apiKey.secretRef);
}

export const llmRef = ({ id, name, fields }: StoredResource): LlmRef => ({ id, name, fields: fields as LlmFields });
