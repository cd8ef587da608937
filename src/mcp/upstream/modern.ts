import { Ending } from "../../lib/ending.ts";
import { version } from "../../lib/version.ts";
import { setByServer } from "../../resources/limits.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { withMeta } from "../meta.ts";
import type { Peer } from "../peer.ts";
import { cacheable, codes, metaKeys, modernVersion } from "../protocol.ts";
import { membersOf, memberText, withMembers } from "../spans.ts";
import type { Dialogue } from "./dialogue.ts";
import { answeredByClient } from "./input-rounds.ts";
import { listening } from "./listening.ts";
import { relayedError, supportedIn } from "./relayed-error.ts";
import type { Followed, Introduction, Opening, RequestOptions, Upstream } from "./upstream.ts";

/**
 * Asks a server whether it speaks the modern era. Undefined when it says anything but yes.
 * @throws Problem `unavailable` when it says nothing, or nothing that tells
 */
export async function discover(
  talk: Dialogue,
  timeoutMs: number = talk.limits.initializeSeconds * 1000,
): Promise<Introduction | undefined> {
  const setBy = setByServer("initializeSeconds");
  const outcome = await withVersion(() =>
    talk.request("server/discover", inEnvelope("{}", undefined), { timeoutMs, setBy }),
  );
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

  async function request(method: string, params: string, options: RequestOptions = {}): Promise<Outcome> {
    const once = async (text: string) =>
      plain(
        method,
        await withVersion(() => talk.request(method, inEnvelope(text, options.peer), options)),
        options.peer,
      );
    return await answeredByClient(params, options, once);
  }

  return {
    ...introduction,
    request,
    // This era knows no notification of a client's but the one that takes a call back, which the dialogue sends.
    notify: async () => {},
    follow: (wanted: Followed) => listen.follow(wanted),
    ended: talk.ended,
    underWay: talk.underWay,
    close: () => talk.close(),
  };
}

/** A server that refuses the version (`-32022`) and names ours among its own has done nothing yet: it is asked once more. */
async function withVersion(send: () => Promise<Outcome>): Promise<Outcome> {
  const outcome = await send();
  return "error" in outcome && supportedIn(outcome.error)?.includes(modernVersion) === true ? await send() : outcome;
}

const ourselves = JSON.stringify({ name: "mcpctl", version });

/** What each request says of the client: its abilities as it wrote them, and which log messages it wants. */
function inEnvelope(params: string, peer: Peer | undefined): string {
  const envelope = {
    [metaKeys.protocolVersion]: JSON.stringify(modernVersion),
    [metaKeys.clientInfo]: peer?.clientInfo === undefined ? ourselves : JSON.stringify(peer.clientInfo),
    [metaKeys.clientCapabilities]: JSON.stringify(peer?.abilities ?? {}),
    [metaKeys.logLevel]: peer?.logLevel === undefined ? undefined : JSON.stringify(peer.logLevel),
  };
  return withMeta(params, envelope);
}

/** The outcome without the words of the modern era, which are said anew for a client that speaks it. */
function plain(method: string, outcome: Outcome, peer: Peer | undefined): Outcome {
  if ("error" in outcome) return relayedError(outcome.error, peer);
  const members = membersOf(outcome.result);
  const type = memberText(outcome.result, members, "resultType") ?? '"complete"';
  const result = withMeta(withMembers(outcome.result, { resultType: undefined }), { [metaKeys.serverInfo]: undefined });
  if (type === '"input_required"') return { result, type: "input_required" };
  if (type === '"task"') return { result, type: "task" };
  if (type !== '"complete"')
    return errorOutcome(codes.internal, "the server answered with a type of result that nobody asked for");
  // Elsewhere `ttlMs` is a task's own word.
  if (!cacheable.has(method)) return { result };
  const ttlMs = Number(memberText(outcome.result, members, "ttlMs"));
  const kept = withMembers(result, { ttlMs: undefined, cacheScope: undefined });
  return Number.isSafeInteger(ttlMs) && ttlMs >= 0 ? { result: kept, ttlMs } : { result: kept };
}
