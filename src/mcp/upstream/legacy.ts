import { version } from "../../lib/version.ts";
import { setByServer } from "../../resources/limits.ts";
import type { Outcome } from "../answers.ts";
import type { Asker } from "../asker.ts";
import type { Params } from "../params.ts";
import type { Abilities, LogLevel } from "../peer.ts";
import { legacyVersions, newestLegacy } from "../protocol.ts";
import type { Dialogue } from "./dialogue.ts";
import { Refused, SessionForgotten, unavailable } from "./failures.ts";
import {
  type Ask,
  type Followed,
  type Introduction,
  type Opening,
  type RequestOptions,
  requesting,
  type Upstream,
} from "./upstream.ts";
import type { Wire } from "./wire.ts";

/**
 * A conversation in the legacy era: initialize, then initialized. When the server has forgotten the session, a new one is opened and the request
 * sent once more: it was refused before it could do anything.
 * @throws Refused when the server does not take initialize
 * @throws Problem `unavailable`
 */
export async function openLegacy(talk: Dialogue, wire: Wire, opening: Opening): Promise<Upstream> {
  const { initializeSeconds, connectSeconds } = talk.limits;
  const soon = { timeoutMs: connectSeconds * 1000, setBy: setByServer("connectSeconds") };
  let generation = 0;
  let renewing: Promise<void> | undefined;
  let level: LogLevel | undefined;
  let followed: readonly string[] = [];
  let following: Promise<void> = Promise.resolve();

  async function initialize(): Promise<Introduction> {
    talk.speak({ takesAsks: true, onNotification: opening.onNotification, onAsk: opening.onAsk });
    const params = initializeParams(opening.abilities);
    const introduction = introductionFrom(
      await talk.request("initialize", params, {
        timeoutMs: initializeSeconds * 1000,
        setBy: setByServer("initializeSeconds"),
      }),
    );
    wire.agreed?.(introduction.protocolVersion);
    await talk.notify("notifications/initialized");
    wire.listen?.(() => void renew(generation).catch(() => {}));
    return introduction;
  }

  async function renew(forgotten: number): Promise<void> {
    if (generation !== forgotten) return;
    renewing ??= (async () => {
      await initialize();
      generation++;
      level = undefined;
      const wanted = followed;
      followed = [];
      void follow({ resources: wanted, tasks: [] }).catch(() => {});
    })().finally(() => {
      renewing = undefined;
    });
    await renewing;
  }

  function ask(method: string, params: Params, options: RequestOptions, asker: Asker): void {
    new Request(session, method, params, options, asker, generation).send();
  }

  const request = requesting(ask);
  const session: Session = {
    ask: talk.ask,
    isReady: (wanted) => renewing === undefined && (wanted === undefined || !isOther(wanted)),
    async ready(wanted) {
      if (wanted !== undefined) await setLevel(wanted);
      // Between two sessions a request would be one without any, and refused for that.
      if (renewing !== undefined) await renewing.catch(() => {});
    },
    renew,
  };

  const isOther = (wanted: LogLevel): boolean => wanted !== level && introduction.capabilities["logging"] !== undefined;

  /** Only conversations of one caller hear log messages (connections.ts), so the level is that caller's. */
  async function setLevel(wanted: LogLevel): Promise<void> {
    if (!isOther(wanted)) return;
    level = wanted;
    await talk.request("logging/setLevel", JSON.stringify({ level: wanted }));
  }

  /** One change after the other, so that the last word is the one that counts. */
  function follow({ resources }: Followed): Promise<void> {
    following = following.catch(() => {}).then(() => bringInLine(resources));
    return following;
  }

  async function bringInLine(wanted: readonly string[]): Promise<void> {
    const { resources } = introduction.capabilities as { resources?: { subscribe?: unknown } };
    const fresh = wanted.filter((uri) => !followed.includes(uri));
    if (fresh.length > 0 && resources?.subscribe !== true)
      throw unavailable("the server does not tell of changes of resources");
    for (const uri of followed.filter((known) => !wanted.includes(known)))
      await request("resources/unsubscribe", JSON.stringify({ uri }), soon);
    followed = followed.filter((known) => wanted.includes(known));
    for (const uri of fresh) {
      const outcome = await request("resources/subscribe", JSON.stringify({ uri }), soon);
      if ("error" in outcome)
        throw unavailable(`the server does not tell of changes of ${uri}: ${wordsOf(outcome.error)}`);
      followed = [...followed, uri];
    }
  }

  const introduction = await initialize();
  return {
    ...introduction,
    ask,
    request,
    notify: talk.notify,
    follow,
    ended: talk.ended,
    underWay: talk.underWay,
    close: () => talk.close(),
  };
}

type Session = {
  ask: Ask;
  /** Whether a request for whom this log level is wanted can be sent at once. */
  isReady: (wanted: LogLevel | undefined) => boolean;
  ready: (wanted: LogLevel | undefined) => Promise<void>;
  /** Opens a new one, unless that was done since. */
  renew: (generation: number) => Promise<void>;
};

/** One request, for as long as it may be sent once more. */
class Request implements Asker {
  readonly #session: Session;
  readonly #method: string;
  readonly #params: Params;
  readonly #options: RequestOptions;
  readonly #asker: Asker;
  readonly #generation: number;
  #isSentAgain = false;

  constructor(
    session: Session,
    method: string,
    params: Params,
    options: RequestOptions,
    asker: Asker,
    generation: number,
  ) {
    this.#session = session;
    this.#method = method;
    this.#params = params;
    this.#options = options;
    this.#asker = asker;
    this.#generation = generation;
  }

  send(): void {
    const wanted = this.#options.peer?.logLevel;
    if (this.#session.isReady(wanted)) this.#ask();
    else void this.#askAfter(this.#session.ready(wanted));
  }

  answered(outcome: Outcome): void {
    this.#asker.answered(outcome);
  }

  failed(why: unknown): void {
    if (this.#isSentAgain || !(why instanceof SessionForgotten)) return void this.#asker.failed(why);
    this.#isSentAgain = true;
    void this.#askAfter(this.#renewed());
  }

  #ask(): void {
    this.#session.ask(this.#method, this.#params, this.#options, this);
  }

  async #renewed(): Promise<void> {
    await this.#session.renew(this.#generation);
    await this.#session.ready(this.#options.peer?.logLevel);
  }

  async #askAfter(ready: Promise<void>): Promise<void> {
    try {
      await ready;
    } catch (error) {
      return void this.failed(error);
    }
    this.#ask();
  }
}

/** What we say of ourselves, and exactly the abilities of those who may be asked: a server offers more to who can do more. */
const initializeParams = ({ elicitation, sampling, roots }: Abilities): string =>
  JSON.stringify({
    protocolVersion: newestLegacy,
    capabilities: { elicitation, sampling, roots },
    clientInfo: { name: "mcpctl", version },
  });

function introductionFrom(outcome: Outcome): Introduction {
  if ("error" in outcome) throw new Refused(`the server refused initialize: ${wordsOf(outcome.error)}`);
  const said = JSON.parse(outcome.result) as Record<string, unknown>;
  const { serverInfo, capabilities, protocolVersion, instructions } = said;
  if (typeof capabilities !== "object" || capabilities === null)
    throw new Refused("the server's answer to initialize is not one of MCP");
  const known = legacyVersions.find((candidate) => candidate === protocolVersion);
  if (known === undefined) throw new Refused("the server speaks no version of MCP that this gateway does");
  return {
    era: "legacy",
    serverInfo,
    capabilities: capabilities as Record<string, unknown>,
    protocolVersion: known,
    ...(typeof instructions === "string" ? { instructions } : {}),
  };
}

/** A server's own message, cut to what fits a sentence. */
const wordsOf = (error: string): string => String((JSON.parse(error) as { message?: unknown }).message).slice(0, 200);
