import { toYaml } from "../lib/yaml.ts";
import type { Resource } from "../resources/define.ts";
import { McpToken } from "../resources/mcp-token.ts";
import type { Env } from "./environment.ts";
import { formatOf } from "./output.ts";
import { isColoured, painted } from "./printing/colour.ts";
import type { Args } from "./verb.ts";

/** A token's only appearance: alone for scripts (`--quiet`), whole for machines (`-o json`), with what to do with it for people. */
export function showToken(item: Resource & { token: string }, url: string, args: Args, env: Env): void {
  const format = formatOf(args);
  const document = { kind: McpToken.kind, ...item };
  if (args.has("quiet")) env.out(item.token);
  else if (format === "json") env.out(JSON.stringify(document, null, 2));
  else if (format === "yaml") env.out(toYaml(document).trimEnd());
  else if (format === "name") env.out(`${McpToken.plural}/${item.name}`);
  else {
    const strong = (text: string) => (isColoured(env) ? painted("bold", text) : text);
    const until = item["expiresAt"] === undefined ? "never expires" : `until ${String(item["expiresAt"])}`;
    env.out(`Token "${item.name}" for project "${String(item["project"])}" (${until}):\n`);
    env.out(`  ${strong(item.token)}\n`);
    env.out("Copy it now: it is not shown again.");
    env.out(`Endpoint: ${url}/projects/${String(item["project"])}/mcp`);
  }
}
