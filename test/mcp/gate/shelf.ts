import { Problem } from "../../../src/lib/problem.ts";
import type { PromptShelf, Proposal, Shelved } from "../../../src/mcp/prompts/shelf.ts";

export type Text = Partial<Shelved> & { text?: string | Error };

/** A shelf of these prompts, for every project; `texts` may be changed, and `proposed` is what was proposed. */
export function shelfOf(texts: Record<string, Text>) {
  const proposed: (Proposal & { by: string })[] = [];
  const known = new Map<Text, Shelved>();
  const shelved = (name: string, one: Text): Shelved => {
    const { text, ...more } = one;
    const ready = known.get(one) ?? {
      id: name,
      name,
      project: undefined,
      priority: 5,
      description: undefined,
      summary: "",
      chapters: [],
      bytes: typeof text === "string" && more.link === undefined ? Buffer.byteLength(text) : undefined,
      link: undefined,
      ...more,
    };
    known.set(one, ready);
    return ready;
  };
  const shelf: PromptShelf = {
    of: () =>
      Object.entries(texts)
        .map(([name, one]) => shelved(name, one))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    async read(_, name) {
      const text = texts[name]?.text;
      if (text === undefined) return await new Promise<never>(() => {});
      if (text instanceof Error) throw text;
      return text;
    },
    async propose(_, by, proposal) {
      if (texts[proposal.name] !== undefined) throw new Problem("conflict", "there is one of this name");
      proposed.push({ ...proposal, by: by.subject });
      return proposal.name;
    },
  };
  return { shelf, texts, proposed };
}
