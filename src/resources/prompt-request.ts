import type { Static } from "@sinclair/typebox";
import * as Type from "../lib/type.ts";
import { brief, defineKind, Name, text } from "./define.ts";
import { mostPromptBytes } from "./prompt.ts";

const fields = Type.Object({
  project: Type.String({ description: "The project whose prompt it would be" }),
  content: Type.String({ minLength: 1, maxLength: mostPromptBytes, description: "The text" }),
  priority: Type.Integer({
    minimum: 1,
    maximum: 9,
    default: 5,
    description: "As of a prompt; 10 is for people to give",
  }),
  reason: Type.Optional(text("Why it is proposed")),
  proposedBy: Type.Optional(Type.String({ description: "Who proposed it, as the audit log names them" })),
});
/** So many may wait in one project: a model that proposes without end fills no table. */
export const mostRequests = 100;
export type PromptRequestFields = Static<typeof fields>;

export const PromptRequest = defineKind({
  kind: "promptrequest",
  plural: "promptrequests",
  aliases: ["pr"],
  description: "A prompt that a model proposed; a person approves it, which makes the prompt, or rejects it",
  verbs: ["list", "get", "create", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "PROJECT", value: (p) => String(p["project"]) },
    { header: "PRI", value: (p) => String(p["priority"]) },
    { header: "BY", value: (p) => String(p["proposedBy"] ?? "") },
    { header: "CREATED", value: (p) => p.createdAt },
  ],
  wide: [{ header: "REASON", value: (p) => brief(p["reason"]) }],
  readOnly: ["proposedBy"],
  scopes: [],
  references: ({ project }) => [{ plural: "projects", name: project, path: "/project", ends: true }],
  example: { kind: "promptrequest", name: "deploy-notes", project: "demo", content: "Deploys run from main only." },
});
