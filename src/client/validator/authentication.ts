import { McpFailure } from "../sdk.ts";
import { type Exchange, inShort, resultOf } from "./exchange.ts";
import { initialize, type Wire } from "./speaker.ts";
import type { Done } from "./stepper.ts";

/** What one request without a credential and one with a wrong one came to. */
export type Asked = { nobody: Exchange; stranger: Exchange };

const wrong = { authorization: "Bearer mcpctl-test-not-a-token" };

export async function askAsOthers(wire: Wire): Promise<Asked> {
  const body = initialize();
  return { nobody: await wire.send({ as: "nobody", body }), stranger: await wire.send({ as: wrong, body }) };
}

/** @throws McpFailure contract, when a wrong credential is taken where none is not */
export function judgeAuthentication({ nobody, stranger }: Asked): Done<undefined> {
  if (isTurnedAway(nobody)) {
    if (!isTurnedAway(stranger))
      throw new McpFailure("contract", `a wrong token is not refused (${inShort(stranger)}), though none is`);
    return {
      detail: `none: HTTP ${nobody.status}, a wrong one: HTTP ${stranger.status}`,
      value: undefined,
      notes: [...shapeOf("none", nobody), ...shapeOf("a wrong one", stranger)],
    };
  }
  const isOpen = resultOf(nobody) !== undefined;
  const detail = isOpen ? "it serves anybody, without a token too" : `none: ${inShort(nobody)}`;
  return { detail, value: undefined };
}

const isTurnedAway = ({ status }: Exchange): boolean => status === 401 || status === 403;

/** RFC 9110 §11.6.1: a 401 says how to log in. */
function shapeOf(what: string, { status, headers }: Exchange): string[] {
  if (status === 403) return [`${what}: HTTP 403, where 401 would tell clients to log in`];
  return headers.get("www-authenticate") === null ? [`${what}: 401 without WWW-Authenticate (RFC 9110 §11.6.1)`] : [];
}
