import { isObject } from "../lib/object.ts";
import type { LlmFields } from "../resources/llm.ts";
import { besideApi, endpointOf } from "./endpoint.ts";
import type { Ask } from "./exchange.ts";
import { LlmFailure } from "./failure.ts";

/** What a model's server tells of itself; the first names only, and the context of the one model that is asked. */
export type Listing = { models: string[]; contextTokens?: number };

/** Of those that are listed: gateways have thousands. */
const mostModels = 20;

/**
 * The models that it has, and the context where it tells that: in the list as most do, or as Ollama does beside it.
 * @throws LlmFailure
 */
export async function listed({ url, model }: Pick<LlmFields, "url" | "model">, ask: Ask): Promise<Listing> {
  const { data } = await ask(endpointOf(url, "models"));
  if (!Array.isArray(data)) throw new LlmFailure("failed", "its list of models is none");
  const entries = data.filter(isObject).filter(({ id }) => typeof id === "string");
  const own = entries.find(({ id }) => isSame(String(id), model));
  // The one that is asked comes first, so that it is among those that are kept.
  const models = [...(own === undefined ? [] : [own]), ...entries.filter((entry) => entry !== own)]
    .slice(0, mostModels)
    .map(({ id }) => String(id).slice(0, 256));
  const contextTokens = own === undefined ? undefined : (contextIn(own) ?? (await shown(url, model, ask)));
  return contextTokens === undefined ? { models } : { models, contextTokens };
}

export const hasModel = ({ models }: Listing, model: string): boolean => models.some((id) => isSame(id, model));

/** What is written without a tag is the latest, to Ollama. */
const isSame = (id: string, model: string): boolean => id === model || id === `${model}:latest`;

/** vLLM; OpenRouter and LM Studio; Mistral; Groq; Anthropic. */
const fields = ["max_model_len", "context_length", "max_context_length", "context_window", "max_input_tokens", "n_ctx"];

/** What it serves, not what the model was trained for: llama.cpp says both. */
function contextIn(entry: Record<string, unknown>): number | undefined {
  const meta = isObject(entry["meta"]) ? entry["meta"] : {};
  return fields.flatMap((field) => [entry[field], meta[field]]).find(isContext);
}

/** Ollama's own: the size that the model was made with, else that which it can have at most. */
async function shown(url: string, model: string, ask: Ask): Promise<number | undefined> {
  const said = await ask(besideApi(url, "api/show"), { model }).catch(() => ({}) as Record<string, unknown>);
  const { parameters, model_info } = said;
  const made = typeof parameters === "string" ? Number(/^num_ctx\s+(\d+)/m.exec(parameters)?.[1]) : undefined;
  if (isContext(made)) return made;
  const [, most] =
    Object.entries(isObject(model_info) ? model_info : {}).find(([key]) => key.endsWith(".context_length")) ?? [];
  return isContext(most) ? most : undefined;
}

const isContext = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 512;
