import type { Clock } from "../lib/clock.ts";
import type { LlmFields } from "../resources/llm.ts";
import { endpointOf } from "./endpoint.ts";
import { exchange, type Send } from "./exchange.ts";
import { LlmFailure } from "./failure.ts";
import { hasModel, type Listing, listed } from "./listing.ts";
import { llmTypes } from "./types.ts";

/** What was found out of an llm before it was written: `failure` when it is not as it should be, `warning` where it is and may not be meant so. */
export type Finding = { listing?: Listing; failure?: LlmFailure; warning?: string };

/** Of the models that there are in place of the one that is not. */
const named = 5;

/**
 * Whether it is there, takes the key, and has the model: by its list of models, or by the shortest of messages where there is no list, or it proves nothing.
 * Never throws.
 */
export async function probe(
  send: Send,
  clock: Clock,
  fields: LlmFields,
  key: string | undefined,
  signal: AbortSignal,
): Promise<Finding> {
  const { type, url, model } = fields;
  const { provesKeyBy, call, body } = llmTypes[type];
  try {
    const ask = exchange(send, clock, type, key, signal);
    const listing = provesKeyBy === "list" ? await listed(fields, ask).catch(unlessMissing) : undefined;
    if (listing === undefined) {
      await ask(endpointOf(url, call), body(model, ".", { maxTokens: 1 }));
      return {};
    }
    return hasModel(listing, model) || listing.models.length === 0 ? { listing } : { listing, warning: lacks(listing) };
  } catch (error) {
    if (error instanceof LlmFailure) return { failure: error };
    return { failure: new LlmFailure("absent", "it did not answer in time", { cause: error }) };
  }
}

/** Not every server has a list. */
function unlessMissing(error: unknown): undefined {
  if (!(error instanceof LlmFailure && (error.httpStatus === 404 || error.httpStatus === 405))) throw error;
}

/** Whether it is the key that is wrong, and nothing that time may mend. */
export const isKeyRefused = ({ failure }: Finding): boolean =>
  failure?.httpStatus === 401 || failure?.httpStatus === 403;

function lacks({ models }: Listing): string {
  const rest = models.length > named ? `, and ${models.length - named} more` : "";
  return `its server does not list this model; it lists ${models.slice(0, named).join(", ")}${rest}`;
}
