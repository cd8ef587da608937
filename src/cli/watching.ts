import type { Client, ListEvent, ListQuery } from "../client/client.ts";
import { printable } from "../lib/printable.ts";
import { Problem } from "../lib/problem.ts";
import { sleep } from "../lib/wait.ts";
import type { Resource } from "../resources/define.ts";
import type { Meant } from "./meant.ts";
import { cellsOf, columnsIn, type Look, openPrinter, toJson } from "./printing/formats.ts";

/** Alive it says something every fifteen seconds. */
const silentMs = 60_000;
/** How long an instance that went away is waited for: an upgrade, a reboot. */
const patienceMs = 5 * 60_000;
const retryMs = { first: 250, most: 5_000 } as const;
/** The first rows of a long list are shown before its last ones are there. */
const firstRows = 50;

/** A list that goes on with what changes: until Ctrl-C, until nobody reads it, or until the right to it ends; over restarts of the server. */
export async function watch(
  client: Client,
  target: Meant,
  query: ListQuery,
  output: string,
  look: Look,
): Promise<void> {
  const { env } = look;
  if (!["table", "wide", "json", "name"].includes(output))
    throw new Problem("invalid", "-w takes -o table, wide, json or name", { hint: "mcpctl get --help" });
  // A name that nothing bears is no list that stays empty.
  await Promise.all(target.names.map((name) => client.get(target.kind, name, query.project)));
  const shown = openShown(target, output, look);
  const gone = env.readerGone ?? new AbortController().signal;
  for (let outage: { since: number; waitMs: number } | undefined; !gone.aborted; ) {
    try {
      for await (const event of alive(client, target, query, gone)) {
        outage = undefined;
        shown.hear(event);
      }
    } catch (error) {
      if (gone.aborted) return;
      if (!(error instanceof Problem) || error.code !== "unavailable") throw error;
      if (outage !== undefined && env.now() - outage.since > patienceMs) throw error;
    }
    if (gone.aborted) return;
    if (outage === undefined) env.err(`mcpctl at ${client.url} went away; waiting for it`);
    outage ??= { since: env.now(), waitMs: retryMs.first };
    await sleep(outage.waitMs, gone);
    outage.waitMs = Math.min(retryMs.most, outage.waitMs * 2);
    shown.again();
  }
}

/** The events of one connection, which is given up when nothing comes for long. */
async function* alive(client: Client, { kind }: Meant, query: ListQuery, gone: AbortSignal): AsyncGenerator<ListEvent> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silentMs);
  try {
    for await (const event of client.watch(kind, query, AbortSignal.any([gone, silence.signal]))) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silentMs);
      yield event;
    }
  } catch (error) {
    if (!silence.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** What stands on the screen. Pure but for what it prints: nothing is said twice that looks the same. */
function openShown({ kind, names }: Meant, output: string, look: Look) {
  const { env } = look;
  const printer = openPrinter(output, { ...look, isSingle: output === "json" });
  const columns = columnsIn(output, kind, look);
  /** What was said of each, by id. */
  const said = new Map<string, { name: string; text: string }>();
  let waiting: Resource[] | undefined = [];
  let present = new Set<string>();

  const textOf = (item: Resource) =>
    output === "json"
      ? JSON.stringify(item)
      : output === "name"
        ? item.name
        : cellsOf(columns, item, { ...env, isTerminal: false }).join("\t");
  const line = (type: string, object: object) => env.out(toJson({ type, object: { kind: kind.kind, ...object } }, 0));

  function flush(): void {
    if (waiting !== undefined && waiting.length > 0) printer.add(kind, waiting);
    waiting = undefined;
  }

  function tell(type: "added" | "changed", item: Resource): void {
    present.add(item.id);
    const text = textOf(item);
    const before = said.get(item.id);
    if (before?.text === text) return;
    said.set(item.id, { name: item.name, text });
    if (output === "json") line(before === undefined ? type : "changed", item);
    else if (waiting === undefined) printer.add(kind, [item]);
    else if (waiting.push(item) >= firstRows) flush();
  }

  function forget(id: string): void {
    const known = said.get(id);
    if (known === undefined) return;
    said.delete(id);
    const { name } = known;
    if (output === "json") line("deleted", { id, name });
    else env.out(printable(output === "name" ? `${kind.plural}/${name}` : `${name}   (deleted)`));
  }

  return {
    hear(event: ListEvent): void {
      if (event.type === "alive") return;
      if (event.type === "synced") {
        flush();
        // What went while nobody was told.
        for (const id of said.keys()) if (!present.has(id)) forget(id);
      } else if (names.length > 0 && !names.some((name) => name === event.item.name || name === event.item.id)) return;
      else if (event.type === "deleted") forget(event.item.id);
      else tell(event.type, event.item);
    },
    /** Another connection begins from the beginning. */
    again(): void {
      flush();
      present = new Set();
    },
  };
}
