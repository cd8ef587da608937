import { redact } from "../lib/log.ts";

/** What stands where a secret was. */
const blot = "•••";
/** Shorter ones are left alone: taking out every "a" would make a report unreadable and hide nothing. */
const shortest = 4;

/**
 * A function that takes secrets out of text from elsewhere. Servers echo what they refuse ("bad token abc"), and SDK errors quote their
 * answers whole. Values of headers count as secrets, each word of them too: `Basic dXNl…` is seldom echoed with its first word.
 */
export function blotter(secrets: readonly string[]): (text: string) => string {
  const words = secrets.flatMap((secret) => [secret, ...secret.split(/\s+/)]);
  const known = [...new Set(words)].filter((word) => word.length >= shortest && !/^(bearer|basic)$/i.test(word));
  known.sort((a, b) => b.length - a.length);
  return (text) => redact(known.reduce((rest, word) => rest.replaceAll(word, blot), text));
}

/** A URL as it may be shown: no password. */
export function shownUrl(url: string): string {
  const { protocol, username, password, host, pathname, search, hash } = new URL(url);
  return redact(password === "" ? url : `${protocol}//${username}:${blot}@${host}${pathname}${search}${hash}`);
}
