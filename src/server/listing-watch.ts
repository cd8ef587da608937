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
/** So many watches at once, and so many things in one: each is remembered by the fingerprint of what was told of it. */
const most = { watches: 64, items: 50_000 } as const;

/** What was told of each, by id. */
type Told = Map<string, { name: string; print: number | bigint }>;

/**
 * What is watched is looked at again and again, rather than put together from what says that it changed: states, clocks and cascades change
 * things as well as commits do, and a look shows what a list would, to whom it would, and nothing else.
 */
export type ListWatch = ReturnType<typeof createListWatch>;

export function createListWatch() {
  let open = 0;

  return {
    /** @throws Problem `unavailable` when too many watch, and what the list throws */
    async open(kind: AnyKind, call: Call, rooms: Rooms): Promise<Response> {
      if (open >= most.watches)
        throw new Problem("unavailable", `${most.watches} lists are watched already`, { hint: "try again later" });
      const list = lister(kind, call, rooms);
      const told: Told = new Map();
      const gone = new AbortController();
      const over = AbortSignal.any([gone.signal, rooms.stopSignal]);
      let refusal: Problem | undefined;
      const refuse = (why: Problem) => {
        refusal = why;
        gone.abort();
      };
      // Whoever may not look is told so by the answer, not within it.
      await list("", 1);
      const release = rooms.watch.keep(call.bearer, (rights) => demandList(rights, kind), refuse);
      open++;
      call.keepOpen();
      const lines = watching(list, told, over, () => open);
      const encoder = new TextEncoder();
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        open--;
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
