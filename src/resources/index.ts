import type { AnyKind } from "./define.ts";
import { Group } from "./group.ts";
import { Instance } from "./instance.ts";
import { LlmKind } from "./llm.ts";
import { McpToken } from "./mcp-token.ts";
import { Project } from "./project.ts";
import { Prompt } from "./prompt.ts";
import { PromptRequest } from "./prompt-request.ts";
import { ProxyModel } from "./proxy-model.ts";
import { Rbac } from "./rbac.ts";
import { Secret } from "./secret.ts";
import { Server } from "./server.ts";
import { ServiceAccount } from "./service-account.ts";
import { Session } from "./session.ts";
import { Template } from "./template.ts";
import { ToolChange } from "./tool-change.ts";
import { User } from "./user.ts";

/** Every kind, in the order in which `apply` makes them: what is referred to comes before what refers. */
export const kinds = [
  Secret,
  Template,
  Server,
  Instance,
  ToolChange,
  ProxyModel,
  LlmKind,
  Project,
  Prompt,
  PromptRequest,
  User,
  ServiceAccount,
  Group,
  Rbac,
  McpToken,
  Session,
] as const satisfies readonly AnyKind[];

/** The words that mean this kind on the command line and in manifests. */
export const wordsOf = (kind: AnyKind): string[] => [kind.plural, kind.kind, ...kind.aliases];

export function findKind(word: string): AnyKind | undefined {
  const wanted = word.toLowerCase();
  return kinds.find((kind) => wordsOf(kind).includes(wanted));
}
