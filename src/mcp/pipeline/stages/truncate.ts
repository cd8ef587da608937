import * as Type from "../../../lib/type.ts";
import { oneOf } from "../../../resources/define.ts";
import { betweenCharacters } from "../json/string.ts";
import { defineStage } from "../stage.ts";

const config = Type.Object(
  {
    most: Type.Integer({
      default: 20_000,
      minimum: 100,
      maximum: 10_000_000,
      description: "Characters that are kept; what is not longer stays whole",
    }),
    keep: Type.Unsafe<"head" | "tail" | "both">({
      ...oneOf(["head", "tail", "both"], "The beginning, the end, or half of each"),
      default: "head",
    }),
  },
  { additionalProperties: false },
);
type Config = { most: number; keep: "head" | "tail" | "both" };

export const truncate = defineStage({
  name: "truncate",
  description: "Cuts what is too long; what was cut can be asked for",
  config,
  divides: true,
  leaves: (written) => (written as Config).most,
  run(content, { config, sections: before = [] }) {
    const { most, keep } = config as Config;
    if (content.length <= most) return { content };
    const head = betweenCharacters(content, keep === "tail" ? 0 : keep === "head" ? most : Math.ceil(most / 2));
    const tail = betweenCharacters(
      content,
      content.length - (keep === "head" ? 0 : most - (keep === "tail" ? 0 : head)),
    );
    const missing = content.slice(head, tail);
    const sign = `[… ${missing.length.toLocaleString("en-US")} characters were cut here …]`;
    const kept = [content.slice(0, head), sign, content.slice(tail)].filter((part) => part !== "").join("\n");
    // The parts of an index stay what they were.
    if (before.length > 0) return { content: kept };
    return { content: kept, sections: [{ id: "cut", title: "What was cut", content: missing }] };
  },
});
