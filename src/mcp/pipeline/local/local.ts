import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { Code } from "../../../instances/worker/protocol.ts";
import type { Worker } from "../../../instances/worker/worker.ts";
import { createHash } from "../../../lib/crypto.ts";
import { isName } from "../../../lib/id.ts";
import type { Log } from "../../../lib/log.ts";
import { messageOf, Problem } from "../../../lib/problem.ts";
import type { Definition } from "../models/resolve.ts";
import type { Written } from "../models/written.ts";
import type { StageType } from "../stage.ts";
import { codePatience, exportsIn, localHooks, localStage, type Unit } from "./code.ts";
import { type Found, filesIn, readTrusted } from "./folder.ts";
import { watchFolders } from "./watch.ts";
import { modelsIn } from "./yaml.ts";

/** A file as it was read last. What is in use may be of an earlier version of it, while `fault` tells what is wrong with this one. */
type Entry = { found: Found; version?: string; fault?: string; unit?: Unit; models?: readonly Written[] };

export type FileFault = { file: string; fault: string };
/** A model of a file: a plugin's definition, or stages as they are written. */
export type LocalModel = { file: string } & ({ definition: Definition } | { written: Written; note?: string });

export type Local = {
  stages: () => ReadonlyMap<string, StageType>;
  models: () => readonly LocalModel[];
  /** Of every file that is not used as it is. `taken` are names of stages that no file can have. */
  faults: (taken: ReadonlySet<string>) => readonly FileFault[];
};

type Options = { dataDir: string; worker: Pick<Worker, "run" | "forget">; log: Log; changed: () => void };

/** Stages, plugins and pipelines out of the files of the data folder, as they are now; without any, nothing is started. */
export function createLocal({ dataDir, worker, log, changed }: Options) {
  const copies = join(dataDir, "local", "code");
  const entries = new Map<string, Entry>();
  let looking: Promise<void> | undefined;
  let again = false;
  let unwatch = () => {};

  /** One look at a time; what happens meanwhile is looked at right after. */
  function look(): Promise<void> {
    again = true;
    looking ??= (async () => {
      while (again) {
        again = false;
        await lookOnce();
      }
    })().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  async function lookOnce(): Promise<void> {
    const files = filesIn(dataDir);
    const present = new Set(files.map(({ path }) => path));
    let isOther = false;
    for (const [path, { unit }] of entries) {
      if (present.has(path)) continue;
      forgetCopy(unit);
      isOther = entries.delete(path);
    }
    for (const found of files) {
      const before = entries.get(found.path);
      if (before?.found.stamp === found.stamp) continue;
      const entry = await read(found, before);
      entries.set(found.path, entry);
      if (before?.unit?.code.path !== entry.unit?.code.path) forgetCopy(before?.unit);
      isOther = true;
      if (entry.fault !== undefined && entry.fault !== before?.fault)
        log.warn("a local file cannot be used as it is", { file: found.file, reason: entry.fault });
    }
    if (isOther) changed();
  }

  async function read(found: Found, before: Entry | undefined): Promise<Entry> {
    // What others could have written is let go of at once: after a restart it would not be there either.
    if (found.refused !== undefined) return { found, fault: found.refused };
    const { unit, models } = before ?? {};
    try {
      if (!isName(found.name))
        throw new Problem("invalid", "its name has other than lower-case letters, digits and dashes");
      const text = readTrusted(found.path);
      const version = createHash("sha256").update(text).digest("hex").slice(0, 16);
      if (version === before?.version && before.fault === undefined) return { ...before, found };
      if (found.kind === "proxymodel") return { found, version, models: modelsIn(text, found.file) };
      return { found, version, unit: await load(found, found.kind, text, version) };
    } catch (error) {
      return { found, fault: faultOf(error), ...(unit && { unit }), ...(models && { models }) };
    }
  }

  /** Its copy is what runs, so that an edit that is broken takes nothing away. It stands for itself: beside the copy there is nothing to import. */
  async function load(found: Found, kind: Code["kind"], text: string, version: string): Promise<Unit> {
    mkdirSync(copies, { recursive: true, mode: 0o700 });
    const path = join(copies, `${kind}-${found.name}-${version}${extname(found.path)}`);
    writeFileSync(path, text, { mode: 0o600 });
    const code: Code = { kind, name: found.name, version, path };
    worker.forget(code);
    try {
      const exports = exportsIn(await worker.run(code, { do: "load" }, nothing, codePatience.load));
      const unit = { code, exports };
      localHooks(unit, worker.run);
      return unit;
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  }

  function* good(kind: Code["kind"]) {
    for (const { found, unit, fault } of inOrder(entries.values()))
      if (found.kind === kind && unit !== undefined) yield { found, unit, fault: fault ?? unit.leftOut };
  }

  /** The first of a name has it. */
  const stages = (): ReadonlyMap<string, StageType> =>
    new Map(
      [...good("stage")].toReversed().map(({ unit, fault }) => [unit.code.name, localStage(unit, worker.run, fault)]),
    );

  return {
    stages,
    models: (): LocalModel[] => [
      ...[...good("plugin")].map(({ found, unit, fault }) => ({
        file: found.file,
        definition: pluginOf(found.file, unit, localHooks(unit, worker.run), fault),
      })),
      ...inOrder(entries.values()).flatMap(({ found, models = [], fault }) =>
        models.map((written) => ({
          file: found.file,
          written,
          ...(fault !== undefined && { note: noteOf(found.file, fault) }),
        })),
      ),
      ...inOrder(entries.values()).flatMap(unusable),
    ],
    faults: (taken: ReadonlySet<string>): FileFault[] => [
      ...inOrder(entries.values()).flatMap(({ found, fault, unit }) => {
        const told = fault ?? unit?.leftOut;
        return told === undefined ? [] : [{ file: found.file, fault: told }];
      }),
      ...twice(taken),
    ],
    look,
    /** The version of a file that is run no more, until the file changes. */
    leaveOut({ path }: Code, why: string): void {
      for (const { unit, found } of entries.values()) {
        if (unit?.code.path !== path) continue;
        unit.leftOut = `left out until its file changes: ${why}`;
        log.warn("a local file is left out until it changes", { file: found.file, reason: why });
      }
      changed();
    },
    /** The first look, and then whenever something changes. */
    async start(): Promise<void> {
      for (const name of namesIn(copies)) rmSync(join(copies, name), { force: true });
      await look();
      unwatch = watchFolders(dataDir, () => void look().catch((error) => log.error("local files", { error })));
    },
    stop: () => unwatch(),
  };

  function twice(taken: ReadonlySet<string>): FileFault[] {
    const files = [...good("stage")];
    return files.flatMap(({ found, unit }) => {
      const { name } = unit.code;
      const first = files.find((other) => other.unit.code.name === name)?.found.file;
      const owner = taken.has(name) ? "mcpctl has a stage" : `${first} is a stage`;
      return !taken.has(name) && first === found.file
        ? []
        : [{ file: found.file, fault: `${owner} of this name: it is left out` }];
    });
  }
}

function forgetCopy(unit: Unit | undefined): void {
  if (unit !== undefined) rmSync(unit.code.path, { force: true });
}

const nothing = { ask: async () => undefined, tell: () => {} };
/** What is wrong within a file of several documents names it already. */
const placed = (file: string, fault: string | undefined) => (fault?.startsWith(file) ? fault : `${file}: ${fault}`);
const noteOf = (file: string, fault: string) => `${placed(file, fault)}; what it was before is in use`;

const inOrder = (entries: Iterable<Entry>): Entry[] =>
  [...entries].toSorted((a, b) => (a.found.file < b.found.file ? -1 : 1));

/** A file that never was in order stands among the models under its own name, so that `get proxymodels` tells of it. */
function unusable({ found, fault, unit, models }: Entry): LocalModel[] {
  if (found.kind === "stage" || fault === undefined || unit !== undefined || models !== undefined) return [];
  const type = found.kind === "plugin" ? "plugin" : "pipeline";
  return [{ file: found.file, definition: { ...blank(found.name, type), fault: placed(found.file, fault) } }];
}

const pluginOf = (
  file: string,
  { code, exports, leftOut }: Unit,
  hooks: Definition["hooks"],
  fault: string | undefined,
): Definition => ({
  ...blank(exports.name ?? code.name, "plugin"),
  description: exports.description ?? "A file in the data folder",
  extends: exports.extends ?? [],
  hooks,
  version: code.version,
  ...(fault !== undefined && { note: leftOut === fault ? fault : noteOf(file, fault) }),
});

const blank = (name: string, type: Definition["type"]): Definition => ({
  name,
  description: "A file in the data folder",
  type,
  source: "local",
  extends: [],
  hooks: {},
  pipeline: undefined,
  version: "",
});

/** A parser's error may go on for pages; where it is of our copy, that is nobody's business. */
const faultOf = (error: unknown): string =>
  [
    messageOf(error),
    ...((error instanceof Problem && error.fields) || []).map(({ path, message }) => `${path.slice(1)}: ${message}`),
  ]
    .join("; ")
    .slice(0, 1_000);

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
