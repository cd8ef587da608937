import { isObject } from "../../lib/object.ts";
import { type Exchange, errorOf, type Message, resultOf } from "./exchange.ts";
import type { Heard } from "./heard.ts";
import { type Era, openLegacy, openModern, type Params, type Speaker, type Wire } from "./speaker.ts";

/** What a suite stands on: the way to the server, and a conversation in each era that it speaks. */
export type Ground = {
  over: "http" | "stdio";
  wire: Wire;
  speakers: Speaker[];
  /** As they were listed, to the letter; a client library would have dropped what it does not know. */
  tools: Message[];
  /** A request that names nobody was turned away. */
  isGuarded: boolean;
  otherCredential: Record<string, string> | undefined;
  heard: Heard;
  /** Where a tool may be lured to, and whether one came; undefined when nobody asked for that. */
  bait?: Bait | undefined;
};
export type Bait = { url: string; visits: () => readonly string[] };

const most = { pages: 20, tools: 2_000 } as const;

export const speakerIn = (ground: Ground, era: Era): Speaker | undefined =>
  ground.speakers.find((speaker) => speaker.era === era);

export const capabilitiesOf = ({ opening }: Speaker): Record<string, unknown> => {
  const capabilities = resultOf(opening)?.["capabilities"];
  return isObject(capabilities) ? capabilities : {};
};

/** Opens what the server speaks. A protocol that was asked for is the only one that is tried. */
export async function survey(wire: Wire, protocol: string): Promise<Speaker[]> {
  const speakers: Speaker[] = [];
  if (protocol === "auto" || protocol === "modern") {
    const opened = await openModern(wire);
    if ("speaker" in opened) speakers.push(opened.speaker);
  }
  if (protocol !== "modern") {
    const opened = await openLegacy(wire, /^\d/.test(protocol) ? protocol : undefined);
    if ("speaker" in opened) speakers.push(opened.speaker);
  }
  return speakers;
}

/** All that a list holds, page by page. */
export async function allOf(speaker: Speaker, method: string, field: string): Promise<Message[]> {
  const found: Message[] = [];
  let cursor: unknown;
  for (let page = 0; page < most.pages && found.length < most.tools; page++) {
    const result = resultOf(await speaker.request(method, cursor === undefined ? undefined : { cursor }));
    const items = result?.[field];
    if (Array.isArray(items)) found.push(...items.filter(isObject));
    cursor = result?.["nextCursor"];
    if (typeof cursor !== "string") break;
  }
  return found.slice(0, most.tools);
}

/** Whether a message was refused, in whichever of the ways there are: by HTTP, or by an error. */
export const isRefused = (answer: Exchange): boolean => answer.status >= 400 || errorOf(answer) !== undefined;

/** Whether the server did what it was asked. */
export const isServed = (answer: Exchange): boolean =>
  answer.status >= 200 && answer.status < 300 && resultOf(answer) !== undefined;

/** Some method that changes nothing and that the server has, with what it takes. */
export const harmless = ({ era }: Speaker): [method: string, params: Params | undefined] =>
  era === "modern" ? ["server/discover", undefined] : ["ping", undefined];
