import { apiPage } from "./api-page.ts";
import { cliPage } from "./cli-page.ts";
import { clientsPage } from "./clients-page.ts";
import { completionTree } from "./completion-tree.ts";
import { configPage } from "./config-page.ts";
import { findingsPage } from "./findings-page.ts";
import { kindsPage } from "./kinds-page.ts";
import { manPage } from "./man-page.ts";
import { performanceChart } from "./performance-chart.ts";
import { performancePage, readmePage } from "./performance-page.ts";

/** Every file that is made of the tables in src, and what makes it. */
export const generated: Readonly<Record<string, () => string | Promise<string>>> = {
  "src/cli/completion/tree.json": completionTree,
  "src/cli/manual/mcpctl.1": manPage,
  "docs/reference/cli.md": cliPage,
  "docs/reference/kinds.md": kindsPage,
  "docs/reference/api.md": apiPage,
  "docs/reference/config.md": configPage,
  "docs/reference/findings.md": findingsPage,
  "docs/clients.md": clientsPage,
  "docs/performance.md": performancePage,
  "docs/pictures/performance.svg": performanceChart,
  "README.md": readmePage,
};
