import { Problem } from "../../lib/problem.ts";
import { parseDocuments } from "../../lib/yaml.ts";

/**
 * What a client's file holds, by the end of its name: TOML, YAML, or JSON with the comments and commas that editors allow. Without a name each is
 * tried. @throws Problem `invalid`; nothing of the text is repeated, for it may hold keys
 */
export function documentIn(text: string, source: string): unknown {
  const ways = /\.toml$/i.test(source) ? [toml] : /\.ya?ml$/i.test(source) ? [yaml] : [jsonc, yaml, toml];
  for (const way of ways) {
    try {
      const value = way(text, source);
      if (typeof value === "object" && value !== null) return value;
    } catch {
      // The next may know it.
    }
  }
  throw new Problem("invalid", `${source} is neither JSON nor YAML nor TOML`, { hint: "mcpctl import --help" });
}

const jsonc = (text: string): unknown => Bun.JSONC.parse(text);
const toml = (text: string): unknown => Bun.TOML.parse(text);
const yaml = (text: string, source: string): unknown => parseDocuments(text, source)[0]?.value;
