import { printable } from "../../lib/printable.ts";
import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

type Field = { field: string; type: string; default?: unknown; description: string };
type Stage = { name: string; source: string; description: string; config: Field[]; fault?: string };
type Answer = { items: Stage[]; faults: { file: string; fault: string }[] };

/** Every stage that a pipeline may name, and what each lets one set. */
export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const answer = (await clientFor(args, env).json("GET", "/api/v1/proxymodels/-/stages")) as Answer;
  if (format === "json") return env.out(JSON.stringify(answer, null, 2));
  const rows = answer.items.flatMap(({ name, source, description, config, fault }) => [
    [name, source, "", "", fault === undefined ? description : `FAULT: ${fault}`],
    ...config.map(({ field, type, default: usual, description: what }) => [
      `  ${field}`,
      "",
      type,
      usual === undefined ? "" : JSON.stringify(usual),
      what,
    ]),
  ]);
  env.out(table(["STAGE", "SOURCE", "TYPE", "DEFAULT", "WHAT IT DOES"], rows, env));
  if (answer.faults.length > 0)
    env.err(
      ["Files that are not used as they are:", ...answer.faults.map(({ file, fault }) => `  ${file}: ${fault}`)]
        .map((line) => printable(line))
        .join("\n"),
    );
}
