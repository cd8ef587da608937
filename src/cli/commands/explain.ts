import type { Env } from "../environment.ts";
import { explainKind, overview } from "../explaining/kind.ts";
import { topics } from "../explaining/topics.ts";
import { usage } from "../parse.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const [word, name] = args.words;
  if (word === undefined) return env.out(overview(env));
  const topic = Object.hasOwn(topics, word) ? topics[word] : undefined;
  if (topic !== undefined) return await (await topic.load()).explain(name, args, env);
  if (name !== undefined) throw usage("explain", `fields are written with dots: mcpctl explain ${word}.${name}`);
  explainKind(word, args, env);
}
