/** Every kind, those first that a newcomer meets first. A list of its own, since the registry costs more than all of help. */
export const kindNames = [
  "server",
  "template",
  "project",
  "secret",
  "mcptoken",
  "instance",
  "toolchange",
  "prompt",
  "promptrequest",
  "proxymodel",
  "llm",
  "user",
  "group",
  "serviceaccount",
  "rbac",
  "session",
] as const;
