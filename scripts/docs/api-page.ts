import type { TSchema } from "@sinclair/typebox";
import { kinds } from "../../src/resources/index.ts";
import type { Route } from "../../src/server/route.ts";
import { allRoutes } from "../../src/server/routes/index.ts";
import { permissionText } from "../../src/server/routes/openapi.ts";
import { fieldTable } from "./fields.ts";
import { code, madeFrom, page, table } from "./markdown.ts";

/** `docs/reference/api.md` */
export function apiPage(): string {
  const routes = allRoutes();
  const tags = [...new Set(routes.map(({ tag }) => tag))].toSorted();
  return page(
    madeFrom("the routes in src/server/routes").trimEnd(),
    "# Control API",
    `Every address but those of MCP, which [README](../../README.md#clients) has. Send \`Authorization: Bearer TOKEN\`, a session (\`mcpctl_ses_…\`) or a token
(\`mcpctl_pat_…\`). Bodies and answers are JSON; a refusal is a problem of RFC 9457, and its \`code\` is one of [these](config.md#exit-codes). A parameter of
the query that is not listed is an error. The same for programs: \`/openapi.json\`; to look at: \`/docs\`.`,
    tags.flatMap((tag) => [`## ${tag}`, ...routes.filter((route) => route.tag === tag).flatMap(sectionOf)]),
  );
}

function sectionOf({
  method,
  path,
  permission,
  summary,
  query = {},
  body,
  status = 200,
  mediaType,
  answer,
  tag,
}: Route): string[] {
  const kind = kinds.find(({ plural }) => plural === tag);
  const isOfKind = kind !== undefined && (path === `/api/v1/${kind.plural}` || path === `/api/v1/${kind.plural}/:ref`);
  const schema = body?.();
  return [
    `### ${method} ${path}`,
    `${summary}.`,
    `${permissionText(permission)} Answers ${status}${mediaType === undefined ? "" : `, ${mediaType}`}.`,
    table(
      ["query", ""],
      Object.entries(query).map(([name, about]) => [code(name), about]),
    ),
    isOfKind && schema !== undefined
      ? `Body: \`name\` and the fields of [${kind.kind}](kinds.md#${kind.plural}).`
      : titled("Body:", schema),
    titled("Answer:", answer?.()),
  ];
}

function titled(title: string, schema: TSchema | undefined): string {
  const fields = schema === undefined ? "" : fieldTable(schema);
  return fields === "" ? "" : `${title}\n\n${fields}`;
}
