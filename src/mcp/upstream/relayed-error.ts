import { errorOutcome, type Outcome } from "../answers.ts";
import type { Peer } from "../peer.ts";
import { codes } from "../protocol.ts";

type Said = { code?: unknown; data?: { supported?: unknown; requiredCapabilities?: unknown } | null };

/** The versions that a server which refuses ours (`-32022`) says it speaks; undefined for any other error. */
export function supportedIn(error: string): readonly unknown[] | undefined {
  const { code, data } = JSON.parse(error) as Said;
  if (code !== codes.unsupportedVersion) return undefined;
  return Array.isArray(data?.supported) ? data.supported : [];
}

/**
 * A server's error as a client may hear it. Three codes speak of the hop between the server and us (reference/protocol.md §3.1): what is wrong
 * there is ours. Only what the client itself lacks is said to it, in the words of its own era, since its abilities are what we declared.
 */
export function relayedError(error: string, peer: Pick<Peer, "takesInput"> | undefined): Outcome {
  const { code, data } = JSON.parse(error) as Said;
  if (code === codes.missingCapability) {
    const required = data?.requiredCapabilities ?? {};
    const lacking = Object.keys(required).join(", ") || "something that it did not declare";
    const why = `The server needs abilities of the client that it does not have: ${lacking}`;
    return peer?.takesInput === true
      ? errorOutcome(code, why, { requiredCapabilities: required }, 400)
      : errorOutcome(codes.invalidRequest, why);
  }
  if (code === codes.headerMismatch || code === codes.unsupportedVersion)
    return errorOutcome(codes.internal, `the server refused the request as this gateway sent it (${code})`);
  return { error };
}
