import { version } from "../../lib/version.ts";
import { withMeta } from "../meta.ts";
import type { Params } from "../params.ts";
import type { LogLevel, Peer } from "../peer.ts";
import { metaKeys, modernVersion } from "../protocol.ts";
import { membersOf, skipSpace } from "../spans.ts";

/** What each request of the modern era says of the client: its abilities as it wrote them, and which log messages it wants. */
export function inEnvelope(params: string, peer: Peer | undefined): string;
export function inEnvelope(params: Params, peer: Peer | undefined): Params;
export function inEnvelope(params: Params, peer: Peer | undefined): Params {
  return typeof params === "string" ? enveloped(params, peer) : params.with(enveloped(params.others, peer));
}

function enveloped(params: string, peer: Peer | undefined): string {
  // The key may be written with escapes.
  if ((params.includes("_meta") || params.includes("\\u")) && hasMeta(params))
    return withMeta(params, changesFor(peer));
  const end = params.lastIndexOf("}");
  const isEmpty = skipSpace(params, 1) === end;
  return isEmpty ? `{${envelopeOf(peer)}` : `${params.slice(0, end)},${envelopeOf(peer)}`;
}

const hasMeta = (params: string): boolean => membersOf(params).indexOf("_meta") >= 0;

const changesFor = (peer: Peer | undefined) => ({
  [metaKeys.protocolVersion]: `"${modernVersion}"`,
  [metaKeys.clientInfo]: infoOf(peer),
  [metaKeys.clientCapabilities]: JSON.stringify(peer?.abilities ?? {}),
  [metaKeys.logLevel]: peer?.logLevel === undefined ? undefined : JSON.stringify(peer.logLevel),
});

type Envelope = { abilities: object; logLevel: LogLevel | undefined; text: string };

/** By what the client said of itself, which is the same for all its calls. */
const envelopes = new WeakMap<object, Envelope>();
let ofNobody: string | undefined;

/** The end of the parameters, which says it where nothing else stands in `_meta`. */
function envelopeOf(peer: Peer | undefined): string {
  if (peer === undefined) {
    ofNobody ??= written(undefined);
    return ofNobody;
  }
  const { abilities, logLevel, clientInfo } = peer;
  const who = clientInfo ?? abilities;
  const known = envelopes.get(who);
  if (known !== undefined && known.abilities === abilities && known.logLevel === logLevel) return known.text;
  const text = written(peer);
  envelopes.set(who, { abilities, logLevel, text });
  return text;
}

function written(peer: Peer | undefined): string {
  const said = Object.entries(changesFor(peer)).flatMap(([key, value]) =>
    value === undefined ? [] : `${JSON.stringify(key)}:${value}`,
  );
  return `"_meta":{${said.join(",")}}}`;
}

const ourselves = JSON.stringify({ name: "mcpctl", version });
const infoOf = (peer: Peer | undefined): string =>
  peer?.clientInfo === undefined ? ourselves : JSON.stringify(peer.clientInfo);
