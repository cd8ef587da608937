// Runs the cells of one transport at once, in one gateway, and says what each came to and what is left when all are over.
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { limiter } from "../../src/lib/wait.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { type World, world } from "../world.ts";
import { ask, callOf } from "./ask.ts";
import { type Seen, watch } from "./cell.ts";
import { type Cell, callSecondsOf, type Fault } from "./faults.ts";
import type { Faulty, Start, TransportName } from "./transports.ts";

export type Planned = { fault: Fault; cell: Cell };
/** What a cell came to, or why it could not be tried. */
export type Outcome = Seen | Error;
export type Run = {
  outcome: (fault: string) => Promise<Outcome>;
  /** Once all is over and closed: how long a neighbour's calls took, in ms, before and while all of this went on. */
  finished: Promise<{ alone: number[]; meanwhile: number[] }>;
};

const atOnce = 8;

export type Settings = Record<string, string>;

export function runAll(transport: TransportName, start: Start, planned: readonly Planned[], settings: Settings): Run {
  const bounded = limiter(atOnce, planned.length, () => new Error("too many cells"));
  const opened = openGateway(settings);
  const alone = opened.then(({ baseline }) => baseline());
  const begin = (one: Planned, after: Promise<unknown>): Promise<Outcome> =>
    after
      .then(() =>
        bounded(() =>
          one.fault.group === "gateway" || one.fault.ownGateway === true
            ? inOwn(transport, start, one, settings)
            : inShared(one),
        ),
      )
      .catch((error: Error) => error);
  const outcomes = new Map<string, Promise<Outcome>>();
  for (const one of planned) if (one.fault.alone === undefined) outcomes.set(one.fault.name, begin(one, alone));
  let last: Promise<unknown> = Promise.all(outcomes.values());
  for (const one of planned) {
    if (one.fault.alone === undefined) continue;
    const outcome = begin(one, last);
    outcomes.set(one.fault.name, outcome);
    last = outcome;
  }
  async function inShared(one: Planned): Promise<Seen> {
    const { w, origin } = await opened;
    return await tryCell(w, origin, transport, start, one);
  }
  return {
    outcome: (name) => outcomes.get(name) ?? Promise.resolve(new Error(`${name} was not planned`)),
    finished: (async () => {
      const seen = await Promise.all(outcomes.values());
      await (await opened).close();
      const meanwhile = seen.flatMap((one) => (one instanceof Error ? [] : one.neighbour.took));
      return { alone: await alone, meanwhile };
    })(),
  };
}

async function openGateway(settings: Record<string, string>) {
  const w = await world(settings);
  const origin = w.listen();
  w.rooms.health.start();
  const neighbour = startHttpServer({ name: "neighbour" });
  await w.must("POST", "/api/v1/servers", { name: "neighbour", url: neighbour.url });
  return {
    w,
    origin,
    async baseline(): Promise<number[]> {
      await w.must("POST", "/api/v1/projects", { name: "quiet", servers: ["neighbour"] });
      const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "quiet", project: "quiet" });
      const took: number[] = [];
      for (let i = 0; i < 120; i++) {
        const { ms } = await ask({ url: `${origin}/mcp`, token }, callOf("neighbour__echo", { text: "hello" }));
        // The first find everything cold.
        if (i >= 20) took.push(ms);
      }
      return took;
    },
    async close(): Promise<void> {
      await w.close();
      await neighbour.stop();
    },
  };
}

/** What goes wrong with the gateway itself would be everybody's fault. */
async function inOwn(transport: TransportName, start: Start, one: Planned, settings: Settings): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), "mcpctl-fault-db-"));
  const file = join(folder, "mcpctl.db");
  const { w, origin, close } = await openGateway({ ...settings, database: `sqlite:${file}` });
  try {
    const trouble = troubles[one.fault.name]?.(w, file) ?? hurry(w);
    return await tryCell(w, origin, transport, start, one, trouble);
  } finally {
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Afterwards the clock gains a quarter of a minute each second. */
function hurry(w: World): Trouble {
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    begin: () => {},
    end() {
      timer = setInterval(() => w.advance(15_000), 1_000);
    },
    over: () => clearInterval(timer),
  };
}

type Trouble = { begin: () => void; end: () => void; over?: () => void };

async function tryCell(
  w: World,
  origin: string,
  transport: TransportName,
  start: Start,
  { fault, cell }: Planned,
  trouble?: Trouble,
) {
  const { manner = "call", lists = false, era } = fault;
  const faulty = await start(
    fault.name,
    era === "modern" && transport !== "sse" ? "modern" : "legacy",
    callSecondsOf(cell),
  );
  const both: Faulty = {
    ...faulty,
    begin() {
      faulty.begin();
      trouble?.begin();
    },
    async end() {
      trouble?.end();
      await faulty.end();
    },
  };
  try {
    const name = `f-${fault.name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
    return await watch(w, origin, {
      name,
      faulty: both,
      manner,
      lists,
      seen: cell.seen,
      arguments: fault.arguments ?? {},
    });
  } finally {
    trouble?.over?.();
    faulty.stop();
  }
}

const hour = 60 * 60_000;

/** What may happen to the gateway itself, and how it ends. */
const troubles: Record<string, (w: World, file: string) => Trouble> = {
  "clock jump": (w) => ({ begin: () => w.advance(2 * hour), end: () => w.advance(-4 * hour) }),
  "disk full": (w) => {
    const { raw } = w.rooms.db as unknown as { raw: Database };
    const { page_count: pages } = raw.query("PRAGMA page_count").get() as { page_count: number };
    return {
      begin: () => raw.run(`PRAGMA max_page_count = ${pages}`),
      end: () => raw.run("PRAGMA max_page_count = 4294967294"),
    };
  },
  "database locked": (_w, file) => {
    const other = new Database(file);
    return {
      begin: () => void other.run("BEGIN IMMEDIATE"),
      end() {
        other.run("ROLLBACK");
        other.close();
      },
    };
  },
};
