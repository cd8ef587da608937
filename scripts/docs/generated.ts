import { clientsPage } from "./clients.ts";
import { completionTree } from "./completion-tree.ts";

/** Every file that is made of the tables in src, and what makes it. */
export const generated: Readonly<Record<string, () => string | Promise<string>>> = {
  "src/cli/completion/tree.json": completionTree,
  "docs/clients.md": clientsPage,
};
