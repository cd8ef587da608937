/** One thing that is kept, of whom, how big, and when it was last asked for. */
export type Held = {
  name: string;
  project: string;
  caller: string;
  bytes: number;
  used: number;
  expires: number;
};
export const heldAs = (
  { project, caller, file }: { project: string; caller: string; file: string },
  bytes: number,
  used: number,
  expires: number,
): Held => ({ name: file, project, caller, bytes, used, expires });

export type Size = { entries: number; bytes: number };

type Caller = Size & { held: Map<string, Held> };
type Project = Size & { callers: Map<string, Caller> };

/**
 * What a cache holds and what goes first when it is full: what was not asked for longest. While others hold something, though, whoever holds more
 * than half pays first, be it a project in all or a caller in its project: nobody can push everybody else out.
 */
export function createLedger(most: Size) {
  const byName = new Map<string, Held>();
  const projects = new Map<string, Project>();
  const total: Size = { entries: 0, bytes: 0 };

  function count(held: Held, by: 1 | -1): void {
    const project = projects.get(held.project) ?? { entries: 0, bytes: 0, callers: new Map<string, Caller>() };
    const caller = project.callers.get(held.caller) ?? { entries: 0, bytes: 0, held: new Map<string, Held>() };
    for (const size of [total, project, caller]) {
      size.entries += by;
      size.bytes += by * held.bytes;
    }
    // The newest stands last, so that the first of each caller is its oldest.
    caller.held.delete(held.name);
    if (by === 1) caller.held.set(held.name, held);
    put(project.callers, held.caller, caller);
    put(projects, held.project, project);
  }

  function remove(name: string): Held | undefined {
    const held = byName.get(name);
    if (held === undefined) return undefined;
    byName.delete(name);
    count(held, -1);
    return held;
  }

  /** Who pays: callers among whose entries the oldest goes. */
  function payers(measure: keyof Size): Iterable<Caller> {
    const greedy = overHalf(projects, most[measure], measure);
    if (greedy === undefined) return [...projects.values()].flatMap(({ callers }) => [...callers.values()]);
    const caller = overHalf(greedy.callers, greedy[measure], measure);
    return caller === undefined ? greedy.callers.values() : [caller];
  }

  function evict(): Held[] {
    const gone: Held[] = [];
    while (total.bytes > most.bytes || total.entries > most.entries) {
      const oldest = oldestOf(payers(total.bytes > most.bytes ? "bytes" : "entries"));
      if (oldest === undefined) break;
      remove(oldest.name);
      gone.push(oldest);
    }
    return gone;
  }

  return {
    get: (name: string) => byName.get(name),
    /** Answers what has to go for it, which may be itself. */
    add(held: Held): Held[] {
      remove(held.name);
      byName.set(held.name, held);
      count(held, 1);
      return evict();
    },
    touch(name: string, now: number): void {
      const held = remove(name);
      if (held === undefined) return;
      byName.set(name, held);
      count(Object.assign(held, { used: now }), 1);
    },
    remove,
    total: (): Size => ({ ...total }),
    of: (project: string): Size => {
      const { entries, bytes } = projects.get(project) ?? { entries: 0, bytes: 0 };
      return { entries, bytes };
    },
    all: (project?: string): Held[] =>
      [...byName.values()].filter((held) => project === undefined || held.project === project),
  };
}

function put<T extends Size>(into: Map<string, T>, key: string, value: T): void {
  if (value.entries > 0) into.set(key, value);
  else into.delete(key);
}

/** Whoever alone has more than half, if there is more than one. A lone project is looked into all the same, for its callers. */
function overHalf<T extends Size>(of: Map<string, T>, whole: number, measure: keyof Size): T | undefined {
  for (const one of of.values()) if (one[measure] > whole / 2) return one;
  return undefined;
}

function oldestOf(callers: Iterable<Caller>): Held | undefined {
  let oldest: Held | undefined;
  for (const { held } of callers) {
    const [first] = held.values();
    if (first !== undefined && (oldest === undefined || first.used < oldest.used)) oldest = first;
  }
  return oldest;
}
