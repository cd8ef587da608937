import type { Report } from "../../client/validator/report.ts";
import { junit } from "./junit.ts";
import { sarif } from "./sarif.ts";

/** How `mcpctl test mcp` writes its report for machines; text for people is told while it runs (text.ts). */
export const reports: Record<string, (report: Report) => string> = {
  json: (report) => JSON.stringify(report, null, 2),
  junit,
  sarif,
};
