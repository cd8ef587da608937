import type { Resource } from "../define.ts";
import entries from "./shipped.yaml";

/** The templates of mcpctl itself, as resources that nobody wrote. */
export const shippedTemplates: readonly Resource[] = (entries as { name: string }[]).map((entry) => ({
  id: entry.name,
  ...entry,
  source: "built-in",
  version: 1,
  createdAt: new Date(0).toISOString(),
  updatedAt: new Date(0).toISOString(),
}));
