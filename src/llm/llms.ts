import { limiter } from "../lib/wait.ts";
import type { LlmFields } from "../resources/llm.ts";
import type { ProjectFields } from "../resources/project.ts";
import { askedFor } from "./choose.ts";
import type { LlmRef } from "./exchange.ts";
import { LlmFailure, named } from "./failure.ts";
import type { Llm, Tier } from "./llm.ts";
import { type Finding, probe } from "./probe.ts";
import { createProvider, type Provider, type ProviderNeeds } from "./provider.ts";

export type LlmsNeeds = ProviderNeeds & {
  /** All that are written. */
  list: () => Promise<readonly LlmRef[]>;
};

/** An llm that is about to be written, with the key that it will have. */
export type Candidate = { fields: LlmFields; key: string | undefined };

const probed = { ms: 5_000, atOnce: 4, mostWaiting: 5_000 } as const;
/** Kept from the probe until it is written. */
const mostFindings = 256;

/**
 * All llms, and which of them a project may ask. A project's `llm` answers everything, unless it has a `tier`: then texts of the other tier
 * are asked of an llm of that one if there is one, of as near a reach (choose.ts), and of its own again while none of those answers.
 */
export type Llms = ReturnType<typeof createLlms>;

export function createLlms(needs: LlmsNeeds) {
  const { list, send, clock } = needs;
  const providers = new Map<string, Provider>();
  const findings = new Map<string, Finding>();
  const inTurn = limiter(
    probed.atOnce,
    probed.mostWaiting,
    () => new LlmFailure("unsent", "too many are asked already"),
  );
  let syncing = Promise.resolve();

  /** What was written has changed, or a secret: whoever was left alone is tried again. In order, so that the newest counts. */
  function sync(): Promise<void> {
    syncing = syncing.then(align, align);
    return syncing;
  }

  async function align(): Promise<void> {
    const written = await list();
    const ids = new Set(written.map(({ id }) => id));
    for (const id of providers.keys()) if (!ids.has(id)) providers.delete(id);
    for (const llm of written) {
      const known = providers.get(llm.id);
      if (known !== undefined && isSameOne(known.ref(), llm)) known.changed(llm);
      else providers.set(llm.id, made(llm));
    }
  }

  function made(llm: LlmRef): Provider {
    const provider = createProvider(llm, needs);
    const finding = findings.get(addressed(llm.fields));
    findings.delete(addressed(llm.fields));
    if (finding !== undefined) provider.found(finding);
    return provider;
  }

  const byRef = (ref: string): Provider | undefined =>
    [...providers.values()].find((provider) => provider.ref().name === ref || provider.ref().id === ref);

  /** Those that a project's llm stands for, the first first; none once it was deleted. */
  function asked(ref: string, tier: Tier): Provider[] {
    const own = byRef(ref);
    if (own === undefined) return [];
    const all = [...providers.values()].map((provider) => provider.ref());
    return askedFor(own.ref(), all, tier).flatMap(({ id }) => providers.get(id) ?? []);
  }

  const first = (ref: string, tier: Tier): Provider | undefined => asked(ref, tier).find((provider) => provider.isUp());

  return {
    sync,
    names: (): string[] => [...providers.values()].map((provider) => provider.ref().name),
    /** The models that a project may ask; undefined when it names none, or none that there is. Sees each later change. */
    of({ llm: ref }: Pick<ProjectFields, "llm">): Llm | undefined {
      if (ref === undefined || byRef(ref) === undefined) return undefined;
      return {
        identity(tier = "heavy") {
          const llm = first(ref, tier)?.ref();
          return llm === undefined ? undefined : `${llm.name}/${llm.fields.model}`;
        },
        available: (tier = "heavy") => first(ref, tier) !== undefined,
        async complete(prompt, options = {}) {
          let failure = named(ref, new LlmFailure("unsent", "it was deleted"));
          for (const provider of asked(ref, options.tier ?? "heavy")) {
            try {
              return await provider.complete(prompt, options);
            } catch (error) {
              // The next is asked where nobody has waited for this one yet.
              if (!(error instanceof LlmFailure) || error.sort === "failed" || error.sort === "declined") throw error;
              if (options.signal?.aborted === true) throw error;
              failure = error;
            }
          }
          throw failure;
        },
        contextTokens: async () => await byRef(ref)?.contextTokens(),
      };
    },
    /** What is known of one without asking it: `state` (READY, DOWN, UNKNOWN), `reason`, `retryAt`, `contextTokens`, `models`. */
    statusOf: (id: string): Record<string, unknown> => providers.get(id)?.view() ?? { state: "UNKNOWN" },
    /** Asks one that is about to be written, for five seconds at most; what is found is its state once it is. Never throws. */
    async probe({ fields, key }: Candidate, signal: AbortSignal): Promise<Finding> {
      const asked = () => probe(send, clock, fields, key, AbortSignal.any([signal, AbortSignal.timeout(probed.ms)]));
      const finding = await inTurn(asked, signal).catch((cause: unknown) => ({
        failure: new LlmFailure("unsent", "there was no time to ask it", { cause }),
      }));
      if (finding.failure?.sort === "unsent") return finding;
      findings.set(addressed(fields), finding);
      const [oldest] = findings.keys();
      if (findings.size > mostFindings && oldest !== undefined) findings.delete(oldest);
      return finding;
    },
  };
}

/** What is spoken to, as which, and with what: all that a probe says something of. */
const addressed = ({ type, url, model, apiKey }: LlmFields): string =>
  JSON.stringify([type, url, model, apiKey?.secretRef]);

/** Whether a change of these fields asks for a probe. */
export const isSpokenToOtherwise = (before: LlmFields | undefined, after: LlmFields): boolean =>
  before === undefined || addressed(before) !== addressed(after);

/** What is known of it is still true, and its line is as long. */
const isSameOne = (before: LlmRef, after: LlmRef): boolean =>
  Bun.deepEquals(
    [before.name, addressed(before.fields), before.fields.concurrency],
    [after.name, addressed(after.fields), after.fields.concurrency],
    true,
  );
