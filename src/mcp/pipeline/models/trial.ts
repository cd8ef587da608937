import type { TSchema } from "@sinclair/typebox";
import { Problem } from "../../../lib/problem.ts";
import type { StageTrace } from "../ran.ts";
import type { Runner } from "../run.ts";
import type { Section, StageType } from "../stage.ts";
import type { About } from "../turn.ts";
import type { Model } from "./model.ts";

/** What a model's stages made of a text, one after the other. */
export type Trial = {
  stages: readonly StageTrace[];
  content: string;
  sections: readonly Outline[];
  by: "section" | "page";
};
type Outline = { id: string; title: string; characters: number; sections?: readonly Outline[] };

/** @throws Problem `conflict` when it has no stages that could be run */
export async function tryModel(runner: Runner, model: Model, content: string, about: About): Promise<Trial> {
  const { name, pipeline, hooks } = model;
  // Of one that is used without stages, a fault is about something else.
  const fault = Object.keys(hooks).length > 0 ? undefined : model.fault;
  if (pipeline === undefined)
    throw new Problem("conflict", fault === undefined ? `proxymodel "${name}" has no stages` : `"${name}": ${fault}`, {
      hint: `mcpctl describe proxymodel ${name}`,
    });
  if (!pipeline.appliesTo.includes(about.contentType))
    throw new Problem("conflict", `"${name}" applies to ${pipeline.appliesTo.join(", ")} only`, {
      hint: `--type ${pipeline.appliesTo[0]}`,
    });
  const { trace, sections = [], ...made } = await runner.run(pipeline, content, about);
  return { stages: trace, sections: sections.map(outlined), content: made.content, by: made.by };
}

const outlined = ({ id, title, content, sections }: Section): Outline => ({
  id,
  title,
  characters: content.length,
  ...(sections && { sections: sections.map(outlined) }),
});

/** A stage type as people look one up: its fields with their defaults. */
export const shownStage = ({ name, description, source, config, version, fault }: StageType) => ({
  name,
  source,
  description,
  version,
  config: Object.entries((config?.properties ?? {}) as Record<string, TSchema>).map(([field, schema]) => ({
    field,
    type: typeOf(schema),
    default: schema["default"] as unknown,
    description: schema.description ?? "",
  })),
  ...(fault === undefined ? {} : { fault }),
});

const typeOf = (schema: TSchema): string => {
  if (Array.isArray(schema["enum"])) return schema["enum"].join("|");
  if (Array.isArray(schema["anyOf"])) return (schema["anyOf"] as TSchema[]).map(typeOf).join("|");
  if (schema["type"] === "array") return `${typeOf((schema["items"] ?? {}) as TSchema)}[]`;
  return String(schema["const"] ?? schema["type"] ?? "any");
};
