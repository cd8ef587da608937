import { clientRow } from "../../client/clients/index.ts";
import { readLedger, type Written } from "../../client/clients/ledger.ts";
import { undo as takeBack } from "../../client/clients/set-up.ts";
import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import type { Args } from "../verb.ts";
import { fitted } from "../wrap.ts";
import type { Asked } from "./asked.ts";
import { revoke } from "./mint.ts";

/** Takes back what `--write` did. Where there is nothing to take back it says so, and that is no failure. */
export async function undo(asked: Asked, args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const written = chosen(asked, readLedger(env.home));
  if (written === undefined) {
    if (format === "json") env.out(JSON.stringify({ client: asked.row.id, undone: false }, null, 2));
    else if (!args.has("quiet")) env.out(`Nothing of mcpctl is in ${asked.row.title}: nothing was changed`);
    return;
  }
  const { file } = clientRow(written.client);
  if (file === undefined) return;
  const told = await takeBack(file, written, env.home);
  const revoked = written.origin === asked.here && (await withdraw(written, args, env));
  if (format === "json")
    return env.out(
      JSON.stringify(
        {
          client: written.client,
          file: written.file,
          name: written.name,
          undone: true,
          told,
          ...(written.token === undefined ? {} : { token: { ...written.token, revoked } }),
        },
        null,
        2,
      ),
    );
  if (args.has("quiet")) return;
  const say = (line: string) => env.out(fitted(line, env.screen));
  say(`${written.file}: ${told}`);
  if (written.token === undefined) return;
  if (revoked) say(`Token "${written.token.name}" revoked`);
  else {
    // Another instance knows nothing of the token, which says nothing of whether it has ended.
    const elsewhere = written.origin === asked.here ? "" : ` --url ${written.origin}`;
    say(`Its token is accepted still: mcpctl token revoke ${written.token.id}${elsewhere}`);
  }
}

/** Which of those that were written: by name, project and file, as far as they were said. @throws Problem `invalid` when several are left */
function chosen({ row, name, project, path }: Asked, ledger: readonly Written[]): Written | undefined {
  const fitting = ledger.filter(
    (one) =>
      one.client === row.id &&
      (name === undefined || one.name === name) &&
      (project === undefined || one.project === project) &&
      (path === undefined || one.file === path),
  );
  if (fitting.length < 2) return fitting[0];
  throw new Problem("invalid", `${row.title} was set up ${fitting.length} times: which is meant?`, {
    fields: fitting.map((one) => ({ path: one.name, message: `project ${one.project}, in ${one.file}` })),
    hint: `mcpctl config ${row.id} --undo --name ${fitting[0]?.name}, with --file if need be`,
  });
}

/** A token is ended only by who says so. */
async function withdraw({ token, origin }: Written, args: Args, env: Env): Promise<boolean> {
  if (token === undefined) return false;
  const asks = !args.has("revoke") && env.isInteractive && !args.has("yes");
  const isMeant =
    args.has("revoke") ||
    (asks && /^y(es)?$/i.test((await env.ask(`Revoke its token "${token.name}" at ${origin}? [y/N] `)).trim()));
  if (!isMeant) return false;
  try {
    await revoke(token.id, args, env);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "not_found") throw error;
  }
  return true;
}
