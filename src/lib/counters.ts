/** What is counted since the start, one sentence each. The only labels are names that administrators give: nothing that a caller chooses. */
export const counted = {
  openings_failed: { by: "server", help: "Times that a server could not be spoken to at all" },
  calls: { by: "server", help: "Requests of callers that were sent to a server" },
  calls_waited: { by: "server", help: "Calls that waited for others of the server to end" },
  calls_refused: { by: "server", help: "Calls refused since too many were under way and waiting" },
  calls_unanswered: { by: "server", help: "Calls given up since no answer came in time" },
  messages_refused: { by: "server", help: "Messages of a server that were beyond its limits, or no JSON" },
  lines_too_long: { by: "server", help: "Lines and events so long that they ended the process or the stream" },
  notifications_dropped: { by: "server", help: "Progress and log messages that were too many, and not passed on" },
  notifications_delayed: { by: "server", help: "News of changes that were too many, and told later and together" },
  token_calls_refused: { by: "project", help: "Calls refused since their token had too many under way" },
  requests_refused: { by: "project", help: "Messages of clients that were beyond the project's limits" },
  sessions_ended: { by: "project", help: "Idle sessions whose state was let go of for a newer one" },
  sessions_refused: { by: "project", help: "Requests refused since all sessions of their token were busy" },
  streams_refused: { help: "Event streams refused, to keep files open for requests" },
  connections_closed: { help: "How often idle connections were closed, to keep files open for requests" },
  llm_calls: { by: "llm", help: "Texts that a model was asked for" },
  llm_failures: { by: "llm", help: "Texts that it did not give" },
  llm_prompt_tokens: { by: "llm", help: "Tokens that it was given, as far as it tells" },
  llm_completion_tokens: { by: "llm", help: "Tokens that it wrote, as far as it tells" },
  readers_dropped: { help: "Answers and event streams ended since their client did not read" },
} as const satisfies Record<string, Sort>;

/** What goes up and down. */
export const gauged = {
  calls_under_way: { by: "server", help: "Calls that were sent and have no answer yet" },
  calls_waiting: { by: "server", help: "Calls that wait for others of the server to end" },
} as const satisfies Record<string, Sort>;

type Sort = { by?: "server" | "project" | "llm"; help: string };
export type Counted = keyof typeof counted;
export type Gauged = keyof typeof gauged;

/** Servers and projects that came and went are counted together beyond so many. */
export const mostNames = 1_000;
export const others = "";

/** What happens to one server or project. */
export type Meter = { add: (what: Counted) => void; shift: (what: Gauged, by: 1 | -1) => void };
export const noMeter: Meter = { add: () => {}, shift: () => {} };

/** One for the whole program, made where it is put together. */
export type Counters = ReturnType<typeof createCounters>;

export function createCounters() {
  const numbers = new Map<Counted | Gauged, Map<string, Cell>>();

  function cellOf(what: Counted | Gauged, name: string): Cell {
    const of = numbers.get(what) ?? new Map<string, Cell>();
    numbers.set(what, of);
    const key = of.has(name) || of.size < mostNames ? name : others;
    const cell = of.get(key) ?? { value: 0 };
    of.set(key, cell);
    return cell;
  }

  /** Looks each of its numbers up once: a call changes several. */
  function meterOf(name: string): Meter {
    const cells: { [what in Counted | Gauged]?: Cell } = {};
    const change = (what: Counted | Gauged, by: number) => {
      cells[what] ??= cellOf(what, name);
      cells[what].value += by;
    };
    return { add: (what) => change(what, 1), shift: change };
  }

  return {
    add(what: Counted, name = others, by = 1): void {
      cellOf(what, name).value += by;
    },
    of: meterOf,
    numbers: (what: Counted | Gauged): ReadonlyMap<string, number> =>
      new Map([...(numbers.get(what) ?? [])].map(([name, { value }]) => [name, value])),
    total: (what: Counted | Gauged): number =>
      [...(numbers.get(what)?.values() ?? [])].reduce((sum, { value }) => sum + value, 0),
  };
}

type Cell = { value: number };
