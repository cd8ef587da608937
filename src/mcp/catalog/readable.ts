import { eachMember, elementsOf, memberOf, withMembers } from "../spans.ts";
import type { ListName } from "./offer.ts";

/** What stands in place of a JSON text: itself when it is right, undefined when it is left out. */
type Mend = (json: string) => string | undefined;

const when =
  (isRight: (json: string) => boolean): Mend =>
  (json) =>
    isRight(json) ? json : undefined;

const string = when((json) => json.startsWith('"'));
const boolean = when((json) => json === "true" || json === "false");
/** A number that no reader takes for infinite. */
const number = when((json) => /^[-\d]/.test(json) && Number.isFinite(Number(json)));
const share = when((json) => /^[-\d]/.test(json) && Number(json) >= 0 && Number(json) <= 1);
const time = when((json) => isTime(json.slice(1, -1)));
const anyObject = when((json) => json.startsWith("{"));
const oneOf = (...words: readonly string[]) => when((json) => words.includes(json));

/** `Date` takes 30 February for 2 March, and 24:00 for the next day. */
function isTime(text: string): boolean {
  const [, day = "", hour] = /^(\d{4}-\d\d-\d\d)T(\d\d):\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  if (hour === undefined || hour === "24" || Number.isNaN(Date.parse(text))) return false;
  return new Date(day).toISOString().startsWith(day);
}

const asIs: Mend = (json) => json;

/** An object whose members are mended, those that are not named here as `others` says. In one pass: it may have fifty thousand. */
const object =
  (named: Readonly<Record<string, Mend>>, needed?: string, others = asIs): Mend =>
  (json) => {
    if (!json.startsWith("{")) return undefined;
    let isRight = true;
    const members = eachMember(json).map(({ key, start, end }) => {
      const written = json.slice(start, end);
      const right = (Object.hasOwn(named, key) ? named[key] : others)?.(written);
      if (right !== written) isRight = false;
      return { key, right };
    });
    const left = members.filter(({ right }) => right !== undefined);
    if (needed !== undefined && !left.some(({ key }) => key === needed)) return undefined;
    return isRight ? json : `{${left.map(({ key, right }) => `${JSON.stringify(key)}:${right}`).join(",")}}`;
  };

/** An array without the elements that are wrong. */
const array =
  (element: Mend): Mend =>
  (json) => {
    if (!json.startsWith("[")) return undefined;
    const written = elementsOf(json).map(({ start, end }) => json.slice(start, end));
    const right = written.map(element);
    return right.every((one, n) => one === written[n])
      ? json
      : `[${right.filter((one) => one !== undefined).join(",")}]`;
  };

const icon = object({ src: string, mimeType: string, sizes: array(string), theme: oneOf('"light"', '"dark"') }, "src");
const described = { title: string, description: string, icons: array(icon), _meta: anyObject };

/** `true` and `false` are schemas too, but clients take only objects there. */
const property: Mend = (json) => (json.startsWith("{") ? json : json === "false" ? '{"not":{}}' : "{}");
const schema = object({ properties: object({}, undefined, property), required: array(string) });

/** Undefined for one that no arguments can meet: they are an object. */
function argumentsSchema(json: string): string | undefined {
  const mended = schema(json) ?? "{}";
  const written = memberOf(mended, "type") ?? "null";
  if (written === '"object"') return mended;
  const type: unknown = JSON.parse(written);
  const takesObjects = typeof type !== "string" && (!Array.isArray(type) || type.includes("object"));
  return takesObjects ? withMembers(mended, { type: '"object"' }) : undefined;
}

/** What speaks of members speaks of objects; clients of 2025-11-25 are not told of anything else (downstream/dress.ts). */
function answerSchema(json: string): string | undefined {
  const mended = schema(json);
  if (mended === undefined || memberOf(mended, "type") !== undefined) return mended;
  return memberOf(mended, "properties") === undefined ? mended : withMembers(mended, { type: '"object"' });
}

const hints = { readOnlyHint: boolean, destructiveHint: boolean, idempotentHint: boolean, openWorldHint: boolean };
const toolMembers = object({
  ...described,
  outputSchema: answerSchema,
  annotations: object({ title: string, ...hints }),
  execution: object({ taskSupport: oneOf('"required"', '"optional"', '"forbidden"') }),
});

function tool(text: string): string | undefined {
  const written = memberOf(text, "inputSchema");
  const inputSchema = argumentsSchema(written ?? "{}");
  const mended = toolMembers(text);
  if (inputSchema === undefined || mended === undefined || inputSchema === written) return inputSchema && mended;
  return withMembers(mended, { inputSchema });
}

const contentMembers = {
  ...described,
  mimeType: string,
  annotations: object({
    audience: array(oneOf('"user"', '"assistant"')),
    priority: share,
    lastModified: time,
  }),
};

/** A name is for people there, and the key stands for it where there is none. */
const named = (members: Mend, key: string): Mend => {
  return (text) => {
    const mended = members(text);
    if (mended === undefined || memberOf(mended, "name") !== undefined) return mended;
    return withMembers(mended, { name: memberOf(mended, key) });
  };
};

const argument = object({ name: string, title: string, description: string, required: boolean }, "name");

const shapes: Record<ListName, Mend> = {
  tools: tool,
  prompts: object({ ...described, arguments: array(argument) }),
  resources: named(object({ name: string, ...contentMembers, size: number }), "uri"),
  resourceTemplates: named(object({ name: string, ...contentMembers }), "uriTemplate"),
};

/**
 * Clients that check what they read refuse a whole list for one member of one tool that is not as specified (a schema without a `type`, a `title`
 * of null), and a project would be as readable as the worst of its servers. What is wrong and may be absent is left out, what must be there and
 * can be told is added, all else stays byte for byte. `Tool`, `Prompt`, `Resource` and `ResourceTemplate` of 2025-11-25, the stricter of the two.
 * Undefined when nothing can be made of it: a tool whose arguments are no object.
 */
export const readable = (list: ListName, text: string): string | undefined => shapes[list](text);
