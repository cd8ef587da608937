import { once } from "../../lib/once.ts";
import { Problem } from "../../lib/problem.ts";
import type { AnyKind, Resource } from "../../resources/define.ts";
import type { Printer } from "./formats.ts";
import { type Path, parsePath, valuesAt } from "./path.ts";

/** What is sorted is all there before any of it is shown. */
const most = 200_000;

/** Prints each kind in the order of a field, such as `name`, `.status.tools` or `createdAt`; what lacks it comes last. @throws Problem `invalid` */
export function sorted(printer: Printer, field: string): Printer {
  const path = parsePath(field);
  const kept = new Map<AnyKind, Resource[]>();
  let count = 0;
  return {
    add(kind, items) {
      count += items.length;
      if (count > most)
        throw new Problem("invalid", `more than ${most} are too many to sort`, { hint: "choose some with -l or -p" });
      kept.set(kind, [...(kept.get(kind) ?? []), ...items]);
    },
    end() {
      for (const [kind, items] of kept) printer.add(kind, inOrder(items, path));
      printer.end();
    },
  };
}

function inOrder(items: readonly Resource[], path: Path): Resource[] {
  const keyed = items.map((item) => ({ item, key: valuesAt(path, item)[0] }));
  return keyed.toSorted((a, b) => compared(a.key, b.key)).map(({ item }) => item);
}

/** Numbers by their size, words as people count: `p9` before `p10`. */
function compared(a: unknown, b: unknown): number {
  const [lacksA, lacksB] = [a === undefined || a === null, b === undefined || b === null];
  if (lacksA || lacksB) return Number(lacksA) - Number(lacksB);
  return typeof a === "number" && typeof b === "number" ? a - b : counting().compare(String(a), String(b));
}
const counting = once(() => new Intl.Collator("en", { numeric: true }));
