import type { Section } from "../stage.ts";

/** Whose an entry is, by ids: a project's, or within it one caller's. Nobody else's request can find it. */
export type CacheScope = { project: string; principal: string | undefined };

export type CacheStats = {
  entries: number;
  bytes: number;
  mostBytes: number;
  hits: number;
  misses: number;
  evicted: number;
};

/** Texts by key, on disk and the latest in memory; an entry may be gone at any time. */
export type PipelineCache = {
  /** Undefined when there is none, it is too old, or it cannot be read. Never throws. */
  get: (scope: CacheScope, key: string) => Promise<string | undefined>;
  /** Kept at once for whoever asks next; on disk a moment later. Gone at once with a `ttlMs` of 0. Never throws: a full disk is told in the log. */
  put: (scope: CacheScope, key: string, value: string, ttlMs?: number) => void;
  stats: () => Promise<CacheStats>;
  /** Of this project, or all. Answers how many entries there were. */
  clear: (project?: string) => Promise<number>;
  close: () => Promise<void>;
};

/** Where a result came from that is given out in parts: only the same caller asking the same tool is given them. */
export type ResultPlace = { principal: string; project: string; source: string };
export type Parts = { original: string; sections: readonly Section[]; by: "section" | "page" };
/** `page` may be `all`: the whole of it. */
export type Wanted = { section?: string; page?: string };

/** Results that came as an index, for as long as their parts may be asked for. */
export type Results = {
  /** A short id, the same for the same content at the same place. */
  keep: (place: ResultPlace, parts: Parts) => string;
  /** The part as text. @throws Problem `not_found`, in words for a model: what there is instead, or to call again without the id */
  read: (place: ResultPlace, id: string, wanted: Wanted) => Promise<string>;
};
