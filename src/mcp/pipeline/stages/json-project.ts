import { shareOfTurn } from "../../../lib/share.ts";
import * as Type from "../../../lib/type.ts";
import { eachMember, elementsOf, type Span } from "../../spans.ts";
import { jsonValues } from "../json/values.ts";
import { defineStage } from "../stage.ts";

const config = Type.Object(
  {
    fields: Type.Array(
      Type.String({
        minLength: 1,
        maxLength: 500,
        pattern: "^(?:[^.\\[\\]]+(?:\\[\\])*|(?:\\[\\])+)(?:\\.[^.\\[\\]]+(?:\\[\\])*)*$",
      }),
      { default: [], maxItems: 200, description: "What is kept, such as total and items[].name; all of it when empty" },
    ),
  },
  { additionalProperties: false },
);
type Config = { fields: string[] };

/** What is kept of a value: all of it, or of its members some. `[]` in a path says that it is a list, and means each of its entries. */
type Kept = { all: boolean; members: Map<string, Kept> };

export const jsonProject = defineStage({
  name: "json-project",
  description: "Keeps some fields of JSON, each as it was written",
  config,
  leaves: (written) => ((written as Config).fields.length === 0 ? Number.POSITIVE_INFINITY : 0),
  async run(content, { config, sections = [] }) {
    const { fields } = config as Config;
    if (fields.length === 0 || sections.length > 0) return { content };
    const roots = await jsonValues(content);
    if (roots === undefined) return { content, metadata: { note: "no JSON: left as it is" } };
    const kept = keptOf(fields);
    const spent = shareOfTurn();
    const parts: string[] = [];
    for (const root of roots) {
      const part = await projected(content, root, kept, spent);
      if (part !== undefined) parts.push(part);
    }
    if (parts.length === 0) return { content, metadata: { note: "none of the fields is there: left as it is" } };
    return { content: parts.join("\n") };
  },
});

/** Pure. */
function keptOf(fields: readonly string[]): Kept {
  const root: Kept = { all: false, members: new Map() };
  for (const field of fields) {
    let at = root;
    for (const step of field.replaceAll("[]", "").split(".")) {
      if (step === "") continue;
      const next = at.members.get(step) ?? { all: false, members: new Map() };
      at.members.set(step, next);
      at = next;
    }
    at.all = true;
  }
  return root;
}

/** As JSON text; undefined when nothing of it is kept. */
async function projected(
  text: string,
  span: Span,
  kept: Kept,
  spent: () => Promise<void> | undefined,
): Promise<string | undefined> {
  if (kept.all) return text.slice(span.start, span.end);
  const first = text[span.start];
  const parts: string[] = [];
  if (first === "[") {
    for (const element of elementsOf(text, span.start)) {
      const part = await projected(text, element, kept, spent);
      if (part !== undefined) parts.push(part);
      await spent();
    }
    return parts.length === 0 ? undefined : `[${parts.join(",")}]`;
  }
  if (first !== "{") return undefined;
  for (const member of eachMember(text, span.start)) {
    const inner = kept.members.get(member.key);
    const part = inner && (await projected(text, member, inner, spent));
    if (part !== undefined) parts.push(`${JSON.stringify(member.key)}:${part}`);
  }
  return parts.length === 0 ? undefined : `{${parts.join(",")}}`;
}
