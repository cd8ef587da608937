import type { Ending } from "../../lib/ending.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { busyOutcome, errorOutcome, type Outcome } from "../answers.ts";
import type { Asker } from "../asker.ts";
import { progressTokenOf } from "../meta.ts";
import type { Params } from "../params.ts";
import { type Abilities, canAnswer, type LogLevel, type Peer } from "../peer.ts";
import { codes } from "../protocol.ts";
import type { Connections, ServerRef } from "../upstream/connections.ts";
import { Busy } from "../upstream/failures.ts";
import type { RequestOptions, Upstream } from "../upstream/upstream.ts";
import { type Holder, holderOf, type Visit } from "../visit.ts";
import type { Client } from "./forward.ts";
import type { Half } from "./held.ts";
import type { Inbound } from "./inbound.ts";
import type { createPlaces } from "./places.ts";

/** What sends calls. */
export type Sender = { connections: Connections; log: Log; places: ReturnType<typeof createPlaces> };

/** What is sent, for whom, and where it goes; `text` is a tool's description as its server wrote it. */
export type Journey = {
  ways: Sender;
  visit: Visit;
  client: Client;
  inbound: Inbound;
  target: { server: ServerRef; text?: string };
  method: string;
};

/**
 * A call on its way to its server and back, and the client as the server hears and asks it meanwhile: nothing that it did not say it answers. What
 * goes wrong on the way is an outcome too.
 */
export class Sent implements Peer, RequestOptions, Asker {
  readonly subject: string;
  readonly abilities: Abilities;
  readonly clientInfo: object | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly progressToken: string | undefined;
  readonly takesInput: boolean;
  readonly ending: Ending;
  readonly tool: string | undefined;
  readonly longestMs: number;
  readonly #half: Half;
  readonly #by: Sender;
  readonly #holder: Holder;
  readonly #server: ServerRef;
  readonly #method: string;
  readonly #asker: Asker;

  constructor({ ways, visit, client, inbound, target, method }: Journey, half: Half, ending: Ending, asker: Asker) {
    const holder = holderOf(visit);
    this.subject = visit.admission.principal;
    this.abilities = client.abilities;
    this.clientInfo = client.clientInfo;
    this.logLevel = client.logLevel;
    this.progressToken = "progressToken" in inbound.meta ? progressTokenOf(inbound.brief) : undefined;
    this.takesInput = half.takesInput;
    this.ending = ending;
    this.tool = target.text;
    this.longestMs = holder.most.callSeconds * 1000;
    this.#half = half;
    this.#by = ways;
    this.#holder = holder;
    this.#server = target.server;
    this.#method = method;
    this.#asker = asker;
  }

  get peer(): Peer {
    return this;
  }

  go(params: Params): void {
    const { places, connections } = this.#by;
    const refusal = places.enter(this.#holder);
    if (refusal !== undefined) return void this.#asker.answered(refusal);
    const there = connections.get(this.#server, this);
    if (there instanceof Promise) void this.#goOnce(there, params);
    else there.ask(this.#method, params, this, this);
  }

  async #goOnce(opening: Promise<Upstream>, params: Params): Promise<void> {
    let upstream: Upstream;
    try {
      upstream = await opening;
    } catch (error) {
      return void this.failed(error);
    }
    upstream.ask(this.#method, params, this, this);
  }

  answered(outcome: Outcome): void {
    this.#by.places.leave(this.#holder);
    let told: Outcome;
    try {
      told = askable(this.abilities, outcome);
    } catch (error) {
      return void this.#asker.failed(error);
    }
    this.#asker.answered(told);
  }

  failed(error: unknown): void {
    this.#by.places.leave(this.#holder);
    if (!(error instanceof Problem)) return void this.#asker.failed(error);
    const { name } = this.#server;
    this.#by.log.info("a call had no answer", { server: name, method: this.#method, reason: messageOf(error) });
    const text = error.message.startsWith("server ") ? error.message : `server "${name}": ${error.message}`;
    this.#asker.answered(error instanceof Busy ? busyOutcome(text) : errorOutcome(codes.internal, text));
  }

  notify(method: string, params: string): void {
    this.#half.notify(method, params);
  }

  async ask(method: string, params: string, unwanted: AbortSignal): Promise<Outcome> {
    return canAnswer(this.abilities, method, params)
      ? await this.#half.ask(method, params, unwanted)
      : errorOutcome(codes.unknownMethod, `This client did not say that it can be asked ${method}`);
  }

  pause(retryMs: number): void {
    this.#half.pause?.(retryMs);
  }
}

/** A server's questions as they are, unless there is one that this client did not say it answers. */
const askable = (abilities: Abilities, outcome: Outcome): Outcome =>
  "error" in outcome || outcome.type !== "input_required" ? outcome : asAsked(abilities, outcome);

function asAsked(abilities: Abilities, outcome: Extract<Outcome, { result: string }>): Outcome {
  const { inputRequests } = JSON.parse(outcome.result) as { inputRequests?: Record<string, Asked | null> | null };
  const asked = Object.values(inputRequests ?? {}).map((one): Asked => one ?? {});
  const beyond = asked.find(
    ({ method, params }) => !canAnswer(abilities, String(method), JSON.stringify(params ?? {})),
  );
  if (beyond === undefined) return outcome;
  const [needed = ""] = String(beyond.method).split("/");
  const data = { requiredCapabilities: { [needed]: {} } };
  return errorOutcome(codes.missingCapability, `This needs a client that answers ${beyond.method}`, data, 400);
}

type Asked = { method?: unknown; params?: unknown };
