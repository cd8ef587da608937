import type { Wiring } from "../../client/clients/client.ts";
import { formatOf as documentFormat, merged } from "../../client/clients/document/document.ts";
import { changesFor, fileOf } from "../../client/clients/set-up.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import type { Args } from "../verb.ts";
import { fitted } from "../wrap.ts";
import { type Asked, lacksToken, mintCommand, wiringOf } from "./asked.ts";
import { mint } from "./mint.ts";

/** Prints what belongs into the client: that alone on standard output, so that it can be piped; where it belongs beside it. */
export async function snippet(asked: Asked, args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const planned = wiringOf(asked);
  const minted = asked.mint ? await mint(asked, args, env, false) : undefined;
  const wiring = minted === undefined ? planned : wiringOf(asked, minted.token);
  const { text, belongs } = await textOf(asked, wiring);
  const notes = notesOf(asked, wiring);
  if (format === "json") {
    const { row } = asked;
    const { url, name, project } = wiring;
    env.out(
      JSON.stringify(
        {
          client: row.id,
          title: row.title,
          project,
          name,
          url,
          transport: asked.bridge ? "bridge" : row.transport,
          belongs,
          text,
          ...(minted === undefined ? {} : { token: { id: minted.id, name: minted.name } }),
          notes,
        },
        null,
        2,
      ),
    );
    return;
  }
  const tell = (line: string) => args.has("quiet") || env.err(fitted(line, env.screen));
  tell(`# ${asked.row.title}: ${belongs}`);
  env.out(text.trimEnd());
  for (const note of notes) tell(`# ${note}`);
}

async function textOf(asked: Asked, wiring: Wiring): Promise<{ text: string; belongs: string }> {
  const { row, where, scope, path, bridge } = asked;
  if (row.file === undefined) return { text: row.text?.(wiring) ?? "", belongs: row.belongs ?? "" };
  const file = fileOf(row, row.file, where, scope, path);
  const format = await documentFormat(row.file.format);
  const start = row.file.start === undefined ? "" : format.write(row.file.start);
  return { text: merged(format, start, changesFor(row.file, wiring, bridge), file), belongs: file };
}

/** What a person has to know, and the next command to type. */
export function notesOf(asked: Asked, wiring: Wiring): string[] {
  const { row, bridge, scope } = asked;
  const token = lacksToken(asked)
    ? [`It takes the token itself: --mint makes one, or ${mintCommand(asked)}`]
    : wiring.variable !== undefined && !bridge && !wiring.token.startsWith("${input:")
      ? [`It reads the token from the variable ${wiring.variable}: export ${wiring.variable}=$(${mintCommand(asked)})`]
      : [];
  return [...(row.notes?.(wiring, scope) ?? []), ...token];
}
