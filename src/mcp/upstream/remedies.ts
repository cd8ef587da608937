import type { Problem } from "../../lib/problem.ts";
import { endingAfter } from "../../lib/wheel.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import { Refused, TimedOut, unavailable } from "./failures.ts";
import { isEventStream } from "./http.ts";
import { accepts, type HttpTarget, httpClient } from "./http-client.ts";
import type { Protocol } from "./negotiate.ts";

/** A server that answers, but not to what it was asked, may only be configured wrongly: then what to change is said too. */
const mayBeAsked = (error: unknown): error is Refused | TimedOut =>
  error instanceof Refused || error instanceof TimedOut;

const forced = (protocol: Protocol): string[] =>
  protocol === "auto" ? [] : [`only this era was tried, as \`protocol: ${protocol}\` says: remove it to try both`];

const withRemedies = (error: Problem, remedies: readonly string[]): Problem =>
  remedies.length === 0 ? error : unavailable([error.message, ...remedies].join("; "), error);

/** For a process, that may be silent to an era it does not know. */
export const processFailure = (error: unknown, protocol: Protocol): unknown =>
  mayBeAsked(error) ? withRemedies(error, forced(protocol)) : error;

/** For an address; a silent server is down, and no era is to blame. */
export async function httpFailure(
  error: unknown,
  target: HttpTarget,
  protocol: Protocol,
  limits: ServerLimits,
): Promise<unknown> {
  if (!mayBeAsked(error)) return error;
  const sse = (await speaksSse(error, target, limits)) ? ["it looks like HTTP with SSE: set `transport: sse`"] : [];
  return withRemedies(error, [...(error instanceof Refused ? forced(protocol) : []), ...sse]);
}

/** By the usual path, or because it takes no POST and offers an event stream. */
async function speaksSse(error: Refused | TimedOut, target: HttpTarget, limits: ServerLimits): Promise<boolean> {
  if (/\/sse\/?$/.test(new URL(target.url).pathname)) return true;
  if (!(error instanceof Refused) || (error.httpStatus !== 404 && error.httpStatus !== 405)) return false;
  const ending = endingAfter(limits.connectSeconds * 1000);
  const client = httpClient(target, limits);
  try {
    const fields = client.fields({ accept: accepts.get });
    return isEventStream(await client.reach({ method: "GET", fields, ending, opens: true }));
  } catch {
    return false;
  } finally {
    ending.end();
  }
}
