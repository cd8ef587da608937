import type { Clock } from "../lib/clock.ts";
import type { Counters } from "../lib/counters.ts";
import type { Log } from "../lib/log.ts";
import { Problem } from "../lib/problem.ts";
import { limiter, sleep, within } from "../lib/wait.ts";
import { endpointOf } from "./endpoint.ts";
import { type Ask, exchange, type LlmRef, type Send } from "./exchange.ts";
import { LlmFailure, named } from "./failure.ts";
import { createGuard } from "./guard.ts";
import { type Listing, listed } from "./listing.ts";
import type { CompletionOptions } from "./llm.ts";
import type { Finding } from "./probe.ts";
import { llmTypes } from "./types.ts";

export type ProviderNeeds = {
  send: Send;
  /** Its key as it is now, undefined when it has none. @throws Problem when its secret is not there */
  keyOf: (llm: LlmRef) => Promise<string | undefined>;
  clock: Clock;
  log: Log;
  counters: Pick<Counters, "add">;
};

/** Where the llm says nothing. */
const standard = { timeoutSeconds: 30, concurrency: 4 } as const;
const mostWaiting = 64;
/** The list of models is asked for behind; whoever wants the context waits a moment only, and only at first. */
const listingMs = 5_000;
const patienceMs = 1_000;
const keptMs = { found: 600_000, failed: 60_000 } as const;

/** One llm: asked in its turn, within its time, and left alone while it does not answer. */
export type Provider = ReturnType<typeof createProvider>;

export function createProvider(first: LlmRef, { send, keyOf, clock, log, counters }: ProviderNeeds) {
  let llm = first;
  let listing: (Listing & { until: number }) | undefined;
  let listingNow: Promise<void> | undefined;
  const { name } = first;
  const { concurrency = standard.concurrency } = first.fields;
  const guard = createGuard(name, clock, log);
  const full = () => new LlmFailure("unsent", `${concurrency} requests are under way and ${mostWaiting} wait`);
  const inTurn = limiter(concurrency, mostWaiting, full);

  async function asking(signal: AbortSignal): Promise<Ask> {
    const key = await keyOf(llm).catch((error: unknown) => {
      const why = error instanceof Problem && error.code === "unavailable" ? error.message : "it cannot be read";
      throw new LlmFailure("absent", `its key is not there: ${why}`, { cause: error });
    });
    return exchange(send, clock, llm.fields.type, key, signal);
  }

  async function complete(prompt: string, options: CompletionOptions, signal: AbortSignal, endsAt: number) {
    const { type, url, model } = llm.fields;
    const api = llmTypes[type];
    const ask = await asking(signal);
    const once = () => ask(endpointOf(url, api.call), api.body(model, prompt, options));
    const answer = await once().catch(async (error: unknown) => {
      const againMs = againIn(error);
      if (againMs === undefined || performance.now() + againMs >= endsAt) throw error;
      await sleep(againMs, signal);
      signal.throwIfAborted();
      return await once();
    });
    const reading = api.read(answer);
    if ("why" in reading) throw new LlmFailure("failed", reading.why);
    counters.add("llm_prompt_tokens", name, reading.used.prompt);
    counters.add("llm_completion_tokens", name, reading.used.completion);
    return reading.text;
  }

  /** Waiting in line is part of its time. */
  async function inTime(prompt: string, options: CompletionOptions): Promise<string> {
    guard.admit();
    const seconds = llm.fields.timeoutSeconds ?? standard.timeoutSeconds;
    const deadline = AbortSignal.timeout(seconds * 1000);
    const endsAt = performance.now() + seconds * 1000;
    const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
    let isSent = false;
    const tooLate = () =>
      new LlmFailure(
        "failed",
        isSent
          ? `it gave no answer within ${seconds} s; \`timeoutSeconds\` sets this`
          : `it had other requests to answer for ${seconds} s`,
      );
    const orTooLate = (error: unknown): never => {
      throw deadline.aborted && options.signal?.aborted !== true ? tooLate() : error;
    };
    const work = () => {
      isSent = true;
      counters.add("llm_calls", name);
      return complete(prompt, options, signal, endsAt).catch(orTooLate);
    };
    return await inTurn(() => guard.through(work), signal).catch(orTooLate);
  }

  async function list(): Promise<void> {
    try {
      const found = await listed(llm.fields, await asking(AbortSignal.timeout(listingMs)));
      listing = { ...found, until: clock.now() + keptMs.found };
    } catch {
      // What was known before is still the best guess.
      listing = { models: [], ...listing, until: clock.now() + keptMs.failed };
    }
  }

  return {
    ref: () => llm,
    isUp: () => !guard.isOpen(),
    /** @throws LlmFailure, naming the llm; or what the signal of who asked says, when they went away */
    async complete(prompt: string, options: CompletionOptions = {}): Promise<string> {
      try {
        return await inTime(prompt, options);
      } catch (error) {
        if (options.signal?.aborted === true)
          throw named(name, new LlmFailure("unsent", "whoever asked went away", { cause: error }));
        if (!(error instanceof LlmFailure)) throw error;
        if (error.sort !== "unsent") counters.add("llm_failures", name);
        throw named(name, error);
      }
    },
    /** As it is set, or as its server told within the last ten minutes. */
    async contextTokens(): Promise<number | undefined> {
      if (llm.fields.contextTokens !== undefined) return llm.fields.contextTokens;
      if (!guard.isOpen() && (listing === undefined || clock.now() >= listing.until))
        listingNow ??= list().finally(() => {
          listingNow = undefined;
        });
      if (listing === undefined && listingNow !== undefined) await within(patienceMs, listingNow);
      return listing?.contextTokens;
    },
    /** What was found out of it before it was made. */
    found({ listing: told, failure }: Finding): void {
      if (told !== undefined) listing = { ...told, until: clock.now() + keptMs.found };
      guard.found(failure);
    },
    /** It is described otherwise, or has another key. */
    changed(next: LlmRef): void {
      llm = next;
      guard.changed();
    },
    /** By what was last heard of it. */
    view() {
      const contextTokens = llm.fields.contextTokens ?? listing?.contextTokens;
      return {
        ...guard.view(),
        ...(contextTokens === undefined ? {} : { contextTokens }),
        ...(listing === undefined || listing.models.length === 0 ? {} : { models: listing.models }),
      };
    },
  };
}

/** Only where it is told when. */
const againIn = (error: unknown): number | undefined =>
  error instanceof LlmFailure && (error.httpStatus === 429 || error.httpStatus === 503) ? error.againMs : undefined;
