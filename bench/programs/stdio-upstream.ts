// The same upstream over standard input and output: `bun bench/programs/stdio-upstream.ts [TOOLS]`.
import { answerTo } from "./answers.ts";

const tools = Number(process.argv[2] ?? 2);
const decoder = new TextDecoder();
let rest = "";
for await (const chunk of Bun.stdin.stream()) {
  rest += decoder.decode(chunk, { stream: true });
  const lines = rest.split("\n");
  rest = lines.pop() ?? "";
  const answers = lines.flatMap((line) => (line === "" ? [] : (answerTo(line, tools)?.text ?? [])));
  if (answers.length > 0) process.stdout.write(`${answers.join("\n")}\n`);
}
