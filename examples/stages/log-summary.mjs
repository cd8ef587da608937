/** A long log as its errors, and the rest in sections that a model can ask for. `config: {lines: 200}` says how long is long. */
export const description = "A log: how many lines of each level, its errors, the rest in sections";

const levels = ["ERROR", "WARN", "INFO", "DEBUG"];

export default async (content, ctx) => {
  const lines = content.split("\n");
  const { lines: most = 200 } = ctx.config;
  if (lines.length <= most) return { content };

  const counts = levels.map((level) => `${level} ${lines.filter((line) => line.includes(level)).length}`);
  const errors = lines.filter((line) => line.includes("ERROR")).slice(0, 20);
  const sections = [];
  for (let at = 0; at < lines.length; at += most)
    sections.push({
      id: String(sections.length + 1),
      title: `lines ${at + 1} to ${Math.min(at + most, lines.length)}`,
      content: lines.slice(at, at + most).join("\n"),
    });

  // The project's llm is asked once for the same log, and not at all when there is none or it is down.
  const cause = ctx.llm?.available()
    ? await ctx.cache
        .getOrCompute(`cause ${ctx.cache.hash(content)}`, () =>
          ctx.llm.complete(`In one sentence, what went wrong?\n\n${errors.join("\n")}`, {
            tier: "fast",
            maxTokens: 80,
          }),
        )
        .catch((error) => {
          ctx.log.warn("no cause", { reason: error.message });
          return undefined;
        })
    : undefined;

  const head = [`A log of ${lines.length} lines: ${counts.join(", ")}.`, ...(cause ? [cause] : []), "", ...errors];
  return { content: head.join("\n"), sections, metadata: { errors: errors.length } };
};
