import { groupAside, projectAside, rbacAside, serviceAccountAside, userAside } from "../auth/asides.ts";
import type { BearerKeys } from "../auth/bearer.ts";
import { withLinkOwners } from "../auth/prompt-links.ts";
import { sessionSource } from "../auth/session-source.ts";
import { tokenSource } from "../auth/token-source.ts";
import type { TokenPolicy } from "../auth/ttl.ts";
import type { Clock } from "../lib/clock.ts";
import { once } from "../lib/once.ts";
import { Problem } from "../lib/problem.ts";
import { changeSource } from "../mcp/catalog/change-source.ts";
import { refuseClashes } from "../mcp/catalog/clashes.ts";
import type { ModelRegistry } from "../mcp/pipeline/models/models.ts";
import { modelSource } from "../mcp/pipeline/models/source.ts";
import { requestSource } from "../mcp/prompts/request-source.ts";
import { withSystemPrompts } from "../mcp/prompts/system-source.ts";
import { endWithin, scopedSource } from "../rbac/scoped-source.ts";
import { type Source, tableSource } from "../rbac/source.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { kinds } from "../resources/index.ts";
import { Prompt } from "../resources/prompt.ts";
import { PromptRequest } from "../resources/prompt-request.ts";
import { ProxyModel } from "../resources/proxy-model.ts";
import { Template } from "../resources/template.ts";
import { secretAside } from "../secrets/secret-aside.ts";
import type { Vault } from "../secrets/vault.ts";
import { templateSource } from "./template-source.ts";

type SourceNeeds = {
  hashKeys: BearerKeys;
  clock: Clock;
  vault: Vault;
  instances: () => Resource[];
  tokens: TokenPolicy;
  models: ModelRegistry;
};

/** Loaded when somebody looks at templates. */
const shipped = once(
  () =>
    (require("../resources/templates/shipped.ts") as typeof import("../resources/templates/shipped.ts"))
      .shippedTemplates,
);

/** Where each kind lies. Kinds that need nothing of their own are rows of the one table. */
export function sourcesOf({
  hashKeys,
  clock,
  vault,
  instances,
  tokens,
  models,
}: SourceNeeds): (kind: AnyKind) => Source {
  const asides: Record<string, Parameters<typeof tableSource>[2]> = {
    secret: secretAside(vault),
    user: userAside,
    serviceaccount: serviceAccountAside,
    group: groupAside,
    project: {
      ...projectAside,
      *store(row, _, existing) {
        const stored = yield* projectAside.store(row);
        yield* refuseClashes({ ...row, fields: stored.fields }, existing);
        return stored;
      },
      *removing(project, also, now) {
        yield* projectAside.removing(project, also, now);
        yield* endWithin(project.name, also);
      },
    },
    rbac: rbacAside,
  };
  const own: Record<string, Source> = {
    mcptoken: tokenSource(hashKeys, clock, tokens),
    session: sessionSource,
    instance: instanceSource(instances),
    toolchange: changeSource,
    prompt: withLinkOwners(withSystemPrompts(scopedSource(Prompt, clock))),
    promptrequest: requestSource(scopedSource(PromptRequest, clock)),
    proxymodel: modelSource(models, tableSource(ProxyModel, clock)),
    template: templateSource(shipped, tableSource(Template, clock)),
  };
  const made = new Map<string, Source>(
    kinds.map((kind) => [kind.kind, own[kind.kind] ?? tableSource(kind, clock, asides[kind.kind])]),
  );
  return (kind) => {
    const source = made.get(kind.kind);
    if (source === undefined) throw new Problem("internal", `kind ${kind.kind} has no source`);
    return source;
  };
}

/** Instances live in the supervisor. Deleting one replaces it, after the commit. */
const instanceSource = (instances: () => Resource[]): Source => ({
  *list() {
    return instances();
  },
  *find(ref) {
    return instances().find(({ id, name }) => id === ref || name === ref);
  },
  *remove() {},
});
