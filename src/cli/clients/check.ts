import { shownUrl } from "../../client/blot.ts";
import { bearerOf, type Target } from "../../client/client.ts";
import { type CheckReport, check as visit } from "../../client/clients/check/check.ts";
import { CheckFailure, type CheckStep } from "../../client/clients/check/visit.ts";
import { formatOf as documentFormat, pathOf, readDocument, valueAt } from "../../client/clients/document/document.ts";
import { type Entry, readEntry } from "../../client/clients/entry.ts";
import { lookAt } from "../../client/clients/files.ts";
import { readLedger } from "../../client/clients/ledger.ts";
import { changesFor, fileOf } from "../../client/clients/set-up.ts";
import { printable } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { usage } from "../parse.ts";
import { isColoured, painted } from "../printing/colour.ts";
import { targetFor } from "../target.ts";
import type { Args } from "../verb.ts";
import { fitted } from "../wrap.ts";
import { type Asked, variable, wiringOf } from "./asked.ts";

/** Where the client of `usualOrigin` is served from when nobody says: llama-server's own address. */
const usualOrigin = "http://127.0.0.1:8080";

/** Goes the client's first steps, with what stands in its file, else with what would be written there. */
export async function check(asked: Asked, args: Args, env: Env): Promise<number> {
  const format = formatOf(args, ["table", "json"]);
  const seconds = Number(args.flag("timeout") ?? "10");
  if (!(seconds > 0 && seconds <= 600)) throw usage("config", "--timeout takes seconds, at most 600");
  const named = asked.project !== undefined ? asked : { ...asked, ...lastSetUp(asked, env) };
  const wiring = wiringOf(named);
  const { entry, file } = await entryOf(named, wiring.name);
  const url = entry?.url !== undefined && entry.project === undefined ? entry.url : wiring.url;
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new Problem(
      "invalid",
      `the address of "${wiring.name}" in ${file ?? named.row.title} is none of http or https`,
      {
        hint: `mcpctl config ${named.row.id} -p ${wiring.project} --write`,
      },
    );
  const target = targetFor(args, env, { token: undefined });
  const { token, from } = await tokenOf(named, entry, url, target, env);
  const origin = args.flag("origin") ?? usualOrigin;
  const report = await visit([tokenStep(token, from), ...named.row.check], {
    url,
    name: wiring.name,
    token,
    origin,
    timeoutMs: seconds * 1_000,
    fetch: fetchFrom(named, target, env),
  });
  const about = {
    client: named.row.id,
    title: named.row.title,
    url: shownUrl(url),
    name: wiring.name,
    from: entry === undefined ? "what would be written" : file,
  };
  if (format === "json") env.out(JSON.stringify({ ...about, ...report }, null, 2));
  else show(about, report, args.has("quiet"), env);
  return report.exitCode;
}

/** By these names a container reaches its host. Here they are nobody's: the host itself is asked, under that name. */
const fromContainer = /^(host|gateway)\.(docker|containers)\.internal$/;

function fetchFrom({ here }: Asked, { tls }: Pick<Target, "tls">, env: Env): (request: Request) => Promise<Response> {
  const options = tls === undefined ? {} : { tls };
  return (request) => {
    const { hostname, host, pathname, search } = new URL(request.url);
    if (!fromContainer.test(hostname)) return env.fetch(request, options);
    const asHost = new Request(here + pathname + search, request);
    asHost.headers.set("host", host);
    return env.fetch(asHost, options);
  };
}

/** Without -p, the one that was set up last. */
function lastSetUp({ row, name }: Asked, env: Env): { project: string; name: string } | object {
  const last = readLedger(env.home).findLast(
    (one) => one.client === row.id && (name === undefined || one.name === name),
  );
  return last === undefined ? {} : { project: last.project, name: last.name };
}

async function entryOf(asked: Asked, name: string): Promise<{ entry?: Entry; file?: string }> {
  const { row, where, scope, path } = asked;
  if (row.file === undefined) return {};
  const file = fileOf(row, row.file, where, scope, path);
  const { text } = lookAt(file);
  if (text === undefined) return {};
  const document = readDocument(await documentFormat(row.file.format), text, file);
  const [{ at, item, value }] = changesFor(row.file, wiringOf({ ...asked, name }), asked.bridge);
  const found = valueAt(document, pathOf(document, { at, value, ...(item === undefined ? {} : { item }) }, file));
  return found === undefined ? {} : { entry: readEntry(found), file };
}

/** What the client would send, and where it has it from. */
async function tokenOf(
  asked: Asked,
  entry: Entry | undefined,
  url: string,
  target: Target,
  env: Env,
): Promise<{ token?: string | undefined; from: string }> {
  if (asked.token !== undefined) return { token: asked.token, from: "the one that was given" };
  if (entry?.token !== undefined) return { token: entry.token, from: "the one in the file" };
  if (asked.bridge || entry?.project !== undefined) {
    const { origin, hostname } = new URL(url);
    // A file that somebody put there may lead anywhere.
    if (origin !== target.url && !fromContainer.test(hostname))
      return { from: `the login of this terminal is for ${target.url}, and not for ${origin}` };
    const token = await bearerOf(target);
    return {
      token,
      from: token === undefined ? `the bridge finds no login: ${mintOne}` : "the login of this terminal",
    };
  }
  const name = entry?.variable ?? variable;
  const token = env.variables[name] || undefined;
  if (token !== undefined) return { token, from: `from the variable ${name}` };
  return { from: `the variable ${name} is not set here: set it, say --token, or ${mintOne}` };
}
const mintOne = "mcpctl config CLIENT -p PROJECT --mint --write";

/** The step before all others: a client without a token is refused by whatever it asks first. */
const tokenStep = (token: string | undefined, from: string): CheckStep => ({
  name: "token",
  run: () => {
    if (token === undefined) throw new CheckFailure("reach", from);
    return from;
  },
});

type About = { title: string; url: string; from: string | undefined };

function show({ title, url, from }: About, { steps, failed, exitCode }: CheckReport, quiet: boolean, env: Env): void {
  const colour = isColoured(env);
  const paint = (ok: boolean, text: string) => (colour ? painted(ok ? "green" : "red", text) : text);
  if (quiet) {
    env.out(failed ?? "ok");
    return;
  }
  env.err(fitted(`# ${title} at ${printable(url)}, from ${from}`, env.screen));
  const width = Math.max(...steps.map(({ name }) => name.length));
  for (const { name, ok, ms, detail } of steps)
    env.out(
      `${paint(ok, ok ? "✓" : "✗")} ${fitted(`${name.padEnd(width)}  ${`${ms} ms`.padStart(8)}  ${printable(detail)}`, env.screen)}`,
    );
  env.out(`\n${title}: ${paint(exitCode === 0, failed === undefined ? "it will work" : `it fails at ${failed}`)}`);
}
