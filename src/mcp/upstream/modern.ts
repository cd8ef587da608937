import { Ending } from "../../lib/ending.ts";
import { setByServer } from "../../resources/limits.ts";
import { errorOutcome, measured, type Outcome } from "../answers.ts";
import { type Asker, outcomeTo } from "../asker.ts";
import { changedMeta, metaIn, withMeta } from "../meta.ts";
import type { Params } from "../params.ts";
import type { Peer } from "../peer.ts";
import { cacheable, codes, metaKeys, modernVersion } from "../protocol.ts";
import { memberText, rewritten } from "../spans.ts";
import type { Dialogue } from "./dialogue.ts";
import { inEnvelope } from "./envelope.ts";
import { answeredByClient, asksClient } from "./input-rounds.ts";
import { listening } from "./listening.ts";
import { relayedError, supportedIn } from "./relayed-error.ts";
import {
  type Ask,
  type Followed,
  type Introduction,
  type Opening,
  type RequestOptions,
  requesting,
  type Upstream,
} from "./upstream.ts";

/**
 * Asks a server whether it speaks the modern era. Undefined when it says anything but yes.
 * @throws Problem `unavailable` when it says nothing, or nothing that tells
 */
export async function discover(
  talk: Dialogue,
  timeoutMs: number = talk.limits.initializeSeconds * 1000,
): Promise<Introduction | undefined> {
  const setBy = setByServer("initializeSeconds");
  const ask = () => talk.request("server/discover", inEnvelope("{}", undefined), { timeoutMs, setBy });
  const first = await ask();
  const outcome = refusesVersion(first) ? await ask() : first;
  if ("error" in outcome) return undefined;
  const said = JSON.parse(outcome.result) as Record<string, unknown>;
  const { supportedVersions, capabilities, instructions, _meta } = said;
  const isModern = Array.isArray(supportedVersions) && supportedVersions.includes(modernVersion);
  if (!isModern || typeof capabilities !== "object" || capabilities === null) return undefined;
  return {
    era: "modern",
    protocolVersion: modernVersion,
    serverInfo: (_meta as Record<string, unknown> | undefined)?.[metaKeys.serverInfo],
    capabilities: capabilities as Record<string, unknown>,
    ...(typeof instructions === "string" ? { instructions } : {}),
  };
}

/** A conversation in the modern era (2026-07-28), which each request begins and ends: who may be asked, and for what, is said with each. */
export function modern(talk: Dialogue, introduction: Introduction, opening: Opening): Upstream {
  const open: Parameters<typeof listening>[1] = (filter, signal) =>
    talk.request("subscriptions/listen", inEnvelope(`{"notifications":${JSON.stringify(filter)}}`, undefined), {
      timeoutMs: Number.POSITIVE_INFINITY,
      ending: Ending.of(signal),
    });
  const listen = listening(introduction.capabilities, open, talk.limits.connectSeconds * 1000);
  talk.speak({
    takesAsks: false,
    onNotification(method, params) {
      if (method === "notifications/subscriptions/acknowledged") listen.acknowledged();
      else opening.onNotification(method, withMeta(params, { [metaKeys.subscriptionId]: undefined }));
    },
  });
  listen.start();
  void talk.ended.then(listen.stop);

  const ask: Ask = (method, params, options, asker) => new Request(talk, method, params, options, asker).send();

  return {
    ...introduction,
    ask,
    request: requesting(ask),
    // This era knows no notification of a client's but the one that takes a call back, which the dialogue sends.
    notify: async () => {},
    follow: (wanted: Followed) => listen.follow(wanted),
    ended: talk.ended,
    underWay: talk.underWay,
    close: () => talk.close(),
  };
}

/** One request until its outcome is such as whoever asked can use. */
class Request implements Asker {
  readonly #talk: Dialogue;
  readonly #method: string;
  readonly #params: Params;
  readonly #options: RequestOptions;
  readonly #asker: Asker;
  #isSentAgain = false;
  /** Whether what its server asks in it is to be answered here; not of what is sent with such answers. */
  #isFirst: boolean;

  constructor(
    talk: Dialogue,
    method: string,
    params: Params,
    options: RequestOptions,
    asker: Asker,
    isFirst: boolean = true,
  ) {
    this.#talk = talk;
    this.#method = method;
    this.#params = params;
    this.#options = options;
    this.#asker = asker;
    this.#isFirst = isFirst;
  }

  send(): void {
    const { peer } = this.#options;
    this.#talk.ask(this.#method, inEnvelope(this.#params, peer), this.#options, this);
  }

  answered(outcome: Outcome): void {
    if (!this.#isSentAgain && refusesVersion(outcome)) {
      this.#isSentAgain = true;
      this.send();
      return;
    }
    const { peer } = this.#options;
    let read: Outcome;
    try {
      read = plain(this.#method, outcome, peer);
    } catch (error) {
      return void this.failed(error);
    }
    if (this.#isFirst && asksClient(read, peer)) this.#goOn(read);
    else this.#asker.answered(read);
  }

  failed(why: unknown): void {
    this.#asker.failed(why);
  }

  #goOn(asked: Outcome): void {
    const [talk, method, options] = [this.#talk, this.#method, this.#options];
    const once = (params: Params) =>
      outcomeTo((asker) => new Request(talk, method, params, options, asker, false).send());
    void answeredByClient(this.#params, options, asked, once).then(
      (outcome) => this.#asker.answered(outcome),
      (error: unknown) => this.#asker.failed(error),
    );
  }
}

/** A server that refuses the version (`-32022`) and names ours among its own has done nothing yet: it is asked once more. */
const refusesVersion = (outcome: Outcome): boolean =>
  "error" in outcome && supportedIn(outcome.error)?.includes(modernVersion) === true;

const ownMeta = { [metaKeys.serverInfo]: undefined };

/** The outcome without the words of the modern era, which are said anew for a client that speaks it. */
function plain(method: string, outcome: Outcome, peer: Peer | undefined): Outcome {
  if ("error" in outcome) return relayedError(outcome.error, peer);
  const given = measured(outcome);
  const { text, members } = given;
  const { bones } = outcome;
  const type = memberText(text, members, "resultType") ?? '"complete"';
  // Elsewhere `ttlMs` is a task's own word.
  const isCacheable = type === '"complete"' && cacheable.has(method);
  const meta = metaIn(text, members);
  const changes: Record<string, string | undefined> = { resultType: undefined };
  if (meta !== undefined) changes["_meta"] = changedMeta(meta, ownMeta);
  if (isCacheable) Object.assign(changes, { ttlMs: undefined, cacheScope: undefined });
  const read = rewritten(given, changes);
  const result = read.text;
  if (type === '"input_required"') return { result, read, bones, type: "input_required" };
  if (type === '"task"') return { result, read, bones, type: "task" };
  if (type !== '"complete"')
    return errorOutcome(codes.internal, "the server answered with a type of result that nobody asked for");
  if (!isCacheable) return { result, read, bones };
  const ttlMs = Number(memberText(text, members, "ttlMs"));
  return Number.isSafeInteger(ttlMs) && ttlMs >= 0 ? { result, read, bones, ttlMs } : { result, read, bones };
}
