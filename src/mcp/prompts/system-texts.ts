import {
  faultsOf,
  filled,
  type SystemPromptName,
  type SystemTexts,
  systemProject,
  systemPrompts,
} from "../../resources/system-prompts.ts";
import type { Database } from "../../storage/op.ts";
import { listWithin } from "../../storage/resources.ts";

/** mcpctl's own words as they are at this moment, from memory; `renew` after a prompt was written or deleted. */
export async function createSystemTexts(db: Database): Promise<{ texts: SystemTexts; renew: () => Promise<void> }> {
  let changed: ReadonlyMap<string, string> = new Map();

  /** An override that a newer mcpctl does not accept any more, such as for want of a variable, gives way to the default. */
  async function renew(): Promise<void> {
    const rows = await db.read(() => listWithin("prompt", systemProject));
    const texts = rows.map(({ name, fields }) => [name, String(fields["content"] ?? "")] as const);
    changed = new Map(texts.filter(([name, content]) => faultsOf(name, content).length === 0));
  }

  const texts = (name: SystemPromptName, values: Record<string, string | number> = {}) =>
    filled(changed.get(name) ?? systemPrompts[name].content, values);

  await renew();
  return { texts, renew };
}
