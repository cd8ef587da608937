import { constants, type Statement as Prepared, SQLiteError, Database as Sqlite } from "bun:sqlite";
import { closeSync, existsSync, fdatasync, openSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { Problem } from "../lib/problem.ts";
import { sleep } from "../lib/wait.ts";
import type { Database, Op, Row, Snapshot, Statement, Value } from "./op.ts";
import { isQuiet } from "./quiet.ts";

/** Read back after setting, because SQLite ignores what it does not like. `busy_timeout` comes first: switching to WAL can meet a lock. */
const pragmas = {
  busy_timeout: 200,
  journal_mode: "wal",
  synchronous: 2,
  foreign_keys: 1,
  trusted_schema: 0,
  cell_size_check: 1,
} as const;

/** How long a transaction waits for another process to let go of the database, and how long between two looks. */
const longestWaitMs = 1_000;
const waitMs = 10;

type Query = Prepared<Row, (string | number | null)[]>;
type Known = { query: Query; quiet: boolean; answers: boolean };
export type SqliteDatabase = Database & Pick<Snapshot, "now"> & { raw: Sqlite };

/** Told of a statement that held everything up for long: its text, which has no values in it. */
export type OnSlow = (statement: string, ms: number) => void;
const slowMs = 20;

/**
 * Runs operations synchronously: nothing can come between BEGIN and COMMIT, which an async connection cannot promise
 * (Bun.SQL on SQLite lost acknowledged writes, reference/reliability.md §0).
 * @throws Problem `unavailable` when the file cannot be opened or written
 */
export function openSqlite(path: string, onSlow?: OnSlow): SqliteDatabase {
  return runner(
    path,
    translated(path, () => connect(path)),
    onSlow,
  );
}

/**
 * The same for reading somebody's file, which stays as it is to the byte. A copy that came without its write-ahead log is read as it lies;
 * where that log is, the database may be in use, and locks are heeded.
 * @throws Problem `unavailable`
 */
export function openReadOnly(path: string): SqliteDatabase {
  const { SQLITE_OPEN_READONLY, SQLITE_OPEN_URI } = constants;
  const companion = `${path}-shm`;
  const isMade = existsSync(`${path}-wal`) && !existsSync(companion);
  const url = Bun.pathToFileURL(resolve(path));
  if (!existsSync(`${path}-wal`)) url.searchParams.set("immutable", "1");
  const db = runner(
    path,
    translated(path, () => new Sqlite(url.href, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)),
  );
  return {
    ...db,
    close: () => {
      db.close();
      if (isMade) rmSync(companion, { force: true });
    },
  };
}

function runner(path: string, db: Sqlite, onSlow: OnSlow = () => {}): SqliteDatabase {
  const isFile = db.filename !== ":memory:" && db.filename !== "";
  const prepared = new Map<readonly string[], Known>();
  /** Of which others' commits the revision tells already, and whether that was looked at in this turn of the event loop. */
  let othersSeen = 0;
  let looked = false;
  let revised = 0;
  let others: Query | undefined;
  /** The write-ahead log, once something was written behind. */
  let log: number | undefined;

  function run(statement: Statement): Row[] {
    let known = prepared.get(statement.parts);
    if (known === undefined) {
      const text = statement.parts.join("?");
      const query: Query = db.prepare(text);
      known = { query, quiet: isQuiet(text), answers: query.columnNames.length > 0 };
      prepared.set(statement.parts, known);
    }
    const begunAt = performance.now();
    // Before it is committed, and also when it never is: nobody is served in between.
    if (!known.quiet) revised++;
    let rows: Row[] = [];
    // As one list, which is not made anew. Where there is nothing to read, `run` takes half the time.
    const values = statement.values as unknown as Value;
    if (known.answers) rows = known.query.all(values);
    else known.query.run(values);
    tellIfSlow(statement.parts, begunAt);
    return rows;
  }

  function tellIfSlow(parts: readonly string[], begunAt: number): void {
    const ms = performance.now() - begunAt;
    if (ms >= slowMs) onSlow(parts.join("?").replace(/\s+/g, " ").trim(), Math.round(ms));
  }

  const once = <T>(begin: string, operation: () => Op<T>): T =>
    translated(path, () => {
      db.run(begin);
      try {
        const value = drive(operation(), run);
        const begunAt = performance.now();
        db.run("COMMIT");
        tellIfSlow(["COMMIT"], begunAt);
        return value;
      } catch (error) {
        if (db.inTransaction) db.run("ROLLBACK");
        throw error;
      }
    });

  /** Leaves out the waiting for the disk at a commit, which SQLite does with the event loop. What follows stays in order all the same. */
  function unsynced<T>(begin: string, operation: () => Op<T>): T {
    db.run("PRAGMA synchronous = 1");
    try {
      return once(begin, operation);
    } finally {
      db.run(`PRAGMA synchronous = ${pragmas.synchronous}`);
    }
  }

  /**
   * The write-ahead log alone is synced: closing a file drops the locks on it, and SQLite holds none on that one. It stays the same file for as
   * long as a connection is open. A disk that fails here tells SQLite's own descriptor too, at the next commit that waits for it.
   */
  async function settle(): Promise<void> {
    if (!isFile) return;
    try {
      log ??= openSync(`${db.filename}-wal`, "r+");
      const file = log;
      await new Promise<void>((resolve) => fdatasync(file, () => resolve()));
    } catch {}
  }

  function lookAgain(): void {
    looked = false;
  }

  /**
   * Commits through other connections, of this process or another, are told by SQLite itself, those through this one are not. It takes two locks
   * to look, so what was seen is good for all requests of one turn: who commits elsewhere and asks here comes in a later one.
   */
  function revision(): number | undefined {
    if (looked) return revised;
    try {
      others ??= db.prepare("PRAGMA data_version");
      const seen = Number(others.get()?.["data_version"]);
      if (seen !== othersSeen) revised++;
      othersSeen = seen;
    } catch {
      return undefined;
    }
    looked = true;
    setImmediate(lookAgain);
    return revised;
  }

  /** Waits for whoever holds the database without holding up the event loop, which `busy_timeout` would. */
  async function transaction<T>(begin: string, operation: () => Op<T>, run = once<T>): Promise<T> {
    for (const end = performance.now() + longestWaitMs; ; await sleep(waitMs)) {
      try {
        return run(begin, operation);
      } catch (error) {
        if (!isBusy(error as Error) || performance.now() >= end) throw error;
      }
    }
  }

  /** Of a file, a reader of its own whose transaction stays open: the write-ahead log keeps its state for it. Of memory, a copy. */
  function snapshot(): Snapshot {
    const reader = translated(path, () =>
      isFile ? new Sqlite(db.filename, { readonly: true }) : Sqlite.deserialize(db.serialize(), true),
    );
    const { now, close } = runner(path, reader);
    reader.run("BEGIN");
    // A transaction begins with its first look.
    reader.query("SELECT count(*) FROM sqlite_schema").get();
    return { now, close };
  }

  /** Within a transaction that is open already, or by itself. */
  const now = <T>(operation: () => Op<T>): T => translated(path, () => drive(operation(), run));

  return {
    raw: db,
    now,
    snapshot,
    revision,
    read: (operation) => transaction("BEGIN", operation),
    write: (operation) => transaction("BEGIN IMMEDIATE", operation),
    writeBehind: (operation) => transaction("BEGIN IMMEDIATE", operation, unsynced),
    settle,
    close: () => {
      for (const { query } of prepared.values()) query.finalize();
      others?.finalize();
      if (log !== undefined) closeSync(log);
      log = undefined;
      db.close();
    },
  };
}

/** Nothing of the operation was done: it can be run again. */
const isBusy = ({ cause }: Error): boolean =>
  cause instanceof SQLiteError && String(cause.code).startsWith("SQLITE_BUSY");

function connect(path: string): Sqlite {
  // Made beforehand for its owner alone: SQLite gives its companions (-wal, -shm) the mode of the database.
  if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
  const db = new Sqlite(path, { create: true, strict: true });
  for (const [name, wanted] of Object.entries(pragmas)) {
    db.run(`PRAGMA ${name} = ${wanted}`);
    const got = Object.values(db.query(`PRAGMA ${name}`).get() as Row)[0];
    const inMemory = name === "journal_mode" && path === ":memory:";
    if (got !== wanted && !inMemory) throw new Problem("internal", `SQLite did not take PRAGMA ${name} = ${wanted}`);
  }
  return db;
}

/** Feeds a generator its rows; an error of the engine is thrown inside it, so that an operation may catch it. */
function drive<T>(operation: Op<T>, run: (statement: Statement) => Row[]): T {
  let step = operation.next();
  while (!step.done) {
    let rows: Row[];
    try {
      rows = run(step.value);
    } catch (error) {
      step = operation.throw(error);
      continue;
    }
    step = operation.next(rows);
  }
  return step.value;
}

/**
 * Foreign errors are translated where they enter. The path stands in the hint, for who administers: what went wrong is also told to who uses a
 * project. The statement stands nowhere.
 */
function translated<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SQLiteError) throw toProblem(String(error.code), path, error);
    const code = (error as { code?: unknown }).code;
    throw typeof code === "string" && /^E[A-Z]+$/.test(code) ? toProblem("SQLITE_CANTOPEN", path, error) : error;
  }
}

function toProblem(code: string, path: string, error: unknown): Problem {
  if (code.startsWith("SQLITE_CONSTRAINT_UNIQUE") || code.startsWith("SQLITE_CONSTRAINT_PRIMARYKEY")) {
    return new Problem("conflict", "Something of this name exists already", { cause: error });
  }
  if (code.startsWith("SQLITE_FULL"))
    return unavailable(
      "The disk of the database is full; nothing was changed",
      `free some space for ${path}, then try again`,
      error,
    );
  if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_IOERR"))
    return unavailable(
      "The database cannot be written; nothing was changed",
      `check the disk and the permissions of ${path}`,
      error,
    );
  if (code.startsWith("SQLITE_CANTOPEN"))
    return unavailable(`${path} cannot be opened`, "check that the data folder exists and is yours", error);
  if (code.startsWith("SQLITE_BUSY"))
    return unavailable(
      "The database is held by another process; nothing was changed",
      `try again; only one mcpctl may use ${path}`,
      error,
    );
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    return unavailable(`${path} is damaged or is no mcpctl database`, "restore it from a backup", error);
  }
  return new Problem("internal", `database error ${code}`, { cause: error });
}

const unavailable = (detail: string, hint: string, cause: unknown) =>
  new Problem("unavailable", detail, { hint, cause });
