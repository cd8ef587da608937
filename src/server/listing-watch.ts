import { Problem } from "../lib/problem.ts";
import { sleep } from "../lib/wait.ts";
import { demandList } from "../rbac/judge.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { type Lister, lister } from "./listing.ts";
import { lineHeaders } from "./listing-stream.ts";
import type { Rooms } from "./rooms.ts";
import type { Call } from "./route.ts";
import { isRefusal } from "./watch.ts";

/** A line of a watch. `synced` follows what there was at first; `refused` is the last one, where the right to look has ended. */
export type WatchEvent =
  | { type: "added" | "changed"; item: Resource }
  | { type: "deleted"; item: Pick<Resource, "id" | "name"> }
  | { type: "synced" }
  | { type: "refused"; problem: object };

const lookMs = 400;
/** All watches together take no more of the time than this part of it, however long their lists are. */
const share = 1 / 20;
const heartbeatMs = 15_000;
const partItems = 250;
/** So many watches at once, half of them for one bearer, and so many things in one: each is remembered by the fingerprint of what was told of it. */
const most = { watches: 64, ofOne: 32, items: 50_000 } as const;

/** What was told of each, by id. */
type Told = Map<string, { name: string; print: number | bigint }>;

/**
 * What is watched is looked at again and again, rather than put together from what says that it changed: states, clocks and cascades change
 * things as well as commits do, and a look shows what a list would, to whom it would, and nothing else.
 */
export type ListWatch = ReturnType<typeof createListWatch>;

export function createListWatch() {
  let open = 0;
  const openOf = new Map<string, number>();

  return {
    /** @throws Problem `unavailable` when too many watch, and what the list throws */
    async open(kind: AnyKind, call: Call, rooms: Rooms): Promise<Response> {
      const list = lister(kind, call, rooms);
      const told: Told = new Map();
      const gone = new AbortController();
      const over = AbortSignal.any([gone.signal, rooms.stopSignal]);
      let refusal: Problem | undefined;
      const refuse = (why: Problem) => {
        refusal = why;
        gone.abort();
        // Its reader may never ask for the last line.
        end();
      };
      // Whoever may not look is told so by the answer, not within it.
      await list("", 1);
      const whose = JSON.stringify(call.bearer ?? "");
      const theirs = openOf.get(whose) ?? 0;
      if (open >= most.watches || theirs >= most.ofOne)
        throw new Problem("unavailable", "too many lists are watched already", { hint: "try again later" });
      const release = rooms.watch.keep(call.bearer, (rights) => demandList(rights, kind), refuse);
      open++;
      openOf.set(whose, theirs + 1);
      call.keepOpen();
      const lines = watching(list, told, over, () => open);
      const encoder = new TextEncoder();
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        open--;
        const left = (openOf.get(whose) ?? 1) - 1;
        if (left > 0) openOf.set(whose, left);
        else openOf.delete(whose);
        release();
      };
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          try {
            const { value, done } = await lines.next();
            if (done !== true) return controller.enqueue(encoder.encode(value));
          } catch (error) {
            if (!isRefusal(error)) {
              end();
              throw error;
            }
            refusal = error;
          }
          if (refusal !== undefined)
            controller.enqueue(encoder.encode(lineOf({ type: "refused", problem: refusal.toJSON() })));
          end();
          controller.close();
        },
        cancel() {
          gone.abort();
          end();
        },
      });
      return new Response(body, { headers: lineHeaders });
    },
    size: () => open,
  };
}

/** The lines of one watch: what there is, and what becomes of it. Ends when it is over. */
async function* watching(list: Lister, told: Told, over: AbortSignal, watches: () => number): AsyncGenerator<string> {
  let isFirst = true;
  let lastWordAt = performance.now();
  while (!over.aborted) {
    const begunAt = performance.now();
    const seen = new Set<string>();
    for (let part = await list("", partItems); ; part = await list(part.next, partItems)) {
      const text = part.items
        .flatMap((item) => news(item, told, seen))
        .map(lineOf)
        .join("");
      if (text !== "") {
        lastWordAt = performance.now();
        yield text;
      }
      if (part.next === undefined || over.aborted) break;
    }
    if (over.aborted) return;
    const lost = [...told].filter(([id]) => !seen.has(id));
    for (const [id] of lost) told.delete(id);
    const text = [
      ...lost.map(([id, { name }]): WatchEvent => ({ type: "deleted", item: { id, name } })),
      ...(isFirst ? [{ type: "synced" } as const] : []),
    ].map(lineOf);
    isFirst = false;
    const isQuiet = text.length === 0 && performance.now() - lastWordAt > heartbeatMs;
    if (text.length > 0 || isQuiet) {
      lastWordAt = performance.now();
      yield isQuiet ? "\n" : text.join("");
    }
    // A reader who took long over a part did not keep us busy, but waiting a little longer for that does no harm.
    const tookMs = performance.now() - begunAt;
    await sleep(Math.max(lookMs, Math.min(heartbeatMs, (tookMs * watches()) / share)), over);
  }
}

/** What there is to tell of one, if anything. */
function news(item: Resource, told: Told, seen: Set<string>): WatchEvent[] {
  seen.add(item.id);
  const before = told.get(item.id);
  const print = Bun.hash(JSON.stringify(item));
  if (before?.print === print) return [];
  if (told.size >= most.items && before === undefined)
    throw new Problem("invalid", `more than ${most.items} are too many to watch`, {
      hint: "choose some, such as by -l",
    });
  told.set(item.id, { name: item.name, print });
  return [{ type: before === undefined ? "added" : "changed", item }];
}

const lineOf = (event: WatchEvent): string => `${JSON.stringify(event)}\n`;
