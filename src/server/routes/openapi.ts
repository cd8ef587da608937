import type { TSchema } from "@sinclair/typebox";
import { catalogue } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import { version } from "../../lib/version.ts";
import { missingFor } from "../../rbac/evaluate.ts";
import type { AnyKind } from "../../resources/define.ts";
import { kinds } from "../../resources/index.ts";
import type { Permission, Route } from "../route.ts";
import { allRoutes } from "./index.ts";

/** The OpenAPI 3.1 document, derived from the routes and the kinds when it is asked for. */
export const openapiRoute: Route = {
  method: "GET",
  path: "/openapi.json",
  permission: "public",
  tag: "operations",
  summary: "This document",
  handle: () => openapiDocument(allRoutes()),
};

function openapiDocument(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "mcpctl",
      version,
      description: "The control API. MCP itself is spoken at /mcp and /projects/{project}/mcp.",
    },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A session (mcpctl_ses_…) or a token (mcpctl_pat_…)" },
      },
      schemas: { Problem: problemSchema, ...Object.fromEntries(kinds.map((kind) => [kind.kind, answerSchema(kind)])) },
    },
  };
}

function operation(route: Route): Record<string, unknown> {
  const { permission, tag, summary, path, query = {}, body, status = 200, mediaType = "application/json" } = route;
  const words = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const flags = Object.entries(query).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
  }));
  return {
    operationId: `${route.method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+(.)?/g, (_, next?: string) => next?.toUpperCase() ?? "")}`,
    tags: [tag],
    summary,
    description: permissionText(permission),
    ...(permission === "public" ? {} : { security: [{ bearer: [] }] }),
    ...(words.length + flags.length === 0 ? {} : { parameters: [...words, ...flags] }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: body() } } } }),
    responses: {
      [status]: {
        description: "Done",
        content: { [mediaType]: { schema: mediaType === "application/json" ? answerOf(route) : { type: "string" } } },
      },
      default: {
        description: "Refused",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

function answerOf({ tag, path, method, answer }: Route): unknown {
  if (answer !== undefined) return answer();
  const kind = kinds.find(({ plural }) => plural === tag);
  if (kind === undefined || !path.startsWith(`/api/v1/${kind.plural}`)) return {};
  const one = { $ref: `#/components/schemas/${kind.kind}` };
  if (method === "DELETE") return { type: "object", properties: { kind: {}, name: {}, id: {} } };
  return method === "GET" && path === `/api/v1/${kind.plural}`
    ? { type: "object", properties: { items: { type: "array", items: one } } }
    : one;
}

function answerSchema(kind: AnyKind): TSchema {
  const hidden = new Set(kind.writeOnly ?? []);
  const fields = Object.entries(kind.fields.properties as Record<string, TSchema>).filter(([key]) => !hidden.has(key));
  return Type.Object(
    {
      id: Type.String({ description: "UUIDv7; stays when nothing else does" }),
      name: kind.name,
      ...Object.fromEntries(fields),
      version: Type.Integer({ description: "Rises with each change" }),
      createdAt: Type.String({ format: "date-time" }),
      updatedAt: Type.String({ format: "date-time" }),
      status: Type.Optional(
        Type.Object({}, { additionalProperties: true, description: "What is observed, not what was asked for" }),
      ),
    },
    { description: kind.description },
  );
}

/** Who may call a route, in a sentence. */
export const permissionText = (permission: Permission): string => {
  if (permission === "public") return "Open to everybody.";
  if (permission === "authenticated") return "Needs a valid token or session.";
  return `Needs the right ${missingFor("store" in permission ? permission.store : { action: permission.operation })}.`;
};

const problemSchema = {
  type: "object",
  description: "RFC 9457. A refused value is never repeated.",
  required: ["type", "title", "status", "code"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", enum: Object.keys(catalogue) },
    detail: { type: "string", description: "What is wrong, and where" },
    hint: { type: "string", description: "What to do or type next" },
    fields: {
      type: "array",
      items: { type: "object", properties: { path: { type: "string" }, message: { type: "string" } } },
    },
  },
};
