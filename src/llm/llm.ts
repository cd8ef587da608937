/** `fast` for what has a form (summaries, titles, choosing), `heavy` for all else. Where one tier has no model the other one answers. */
export type Tier = "fast" | "heavy";

export type CompletionOptions = {
  system?: string;
  /** Of the answer; the model's own bound when absent. */
  maxTokens?: number;
  tier?: Tier;
  signal?: AbortSignal;
};

/** The models that a project may ask, behind one face. Whoever asks has a way to go on without an answer. */
export type Llm = {
  /** Which model would answer now, such as `local/qwen3-8b`: part of a cache key. Undefined when there is none to ask. */
  identity: (tier?: Tier) => string | undefined;
  /** Whether one is there and was not just found to be down. Costs nothing. */
  available: (tier?: Tier) => boolean;
  /**
   * The text of the answer: reasoning where there is no content, never a tool call. It ends with `…` when it was cut at the bound on tokens.
   * @throws Problem `unavailable` when no model answers in time, or with nothing to read
   */
  complete: (prompt: string, options?: CompletionOptions) => Promise<string>;
  /** How many tokens fit into its context, where it is set or the model's server tells. */
  contextTokens: () => Promise<number | undefined>;
};
