import { lineCutter } from "../../lib/lines.ts";
import { isObject } from "../../lib/object.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { sleep } from "../../lib/wait.ts";
import type { LogRing } from "../log-ring.ts";
import type { Engine } from "./engine.ts";
import { Refusal } from "./refusal.ts";

const pullMs = 600_000;
const tellMs = 5_000;
const longestLine = 64 * 1024;

/** Images get onto this machine once, however many servers wait for them. */
export function createImages() {
  const underWay = new Map<string, Pull>();

  /** Pulls it unless it is there. `signal` ends the wait, and the pull with the last who waits. @throws Problem `unavailable` that names the image */
  async function provide(engine: Engine, image: string, log: LogRing, signal: AbortSignal): Promise<void> {
    if (await isThere(engine, image)) return;
    const key = `${engine.socket} ${image}`;
    const pull = underWay.get(key) ?? begin(engine, image);
    underWay.set(key, pull);
    const waiter = { log };
    log.add(`pulling the image ${image}`);
    pull.waiting.add(waiter);
    try {
      await Promise.race([pull.done, sleep(pullMs, signal)]);
    } finally {
      pull.waiting.delete(waiter);
      if (pull.waiting.size === 0) {
        underWay.delete(key);
        pull.ending.abort();
      }
    }
    if (signal.aborted) throw new Problem("unavailable", `pulling the image ${image} was stopped`);
  }

  return { provide };
}

type Pull = { done: Promise<void>; ending: AbortController; waiting: Set<{ log: LogRing }> };

function begin(engine: Engine, image: string): Pull {
  const ending = new AbortController();
  const waiting: Pull["waiting"] = new Set();
  const tell = (line: string) => {
    for (const { log } of waiting) log.add(line);
  };
  const done = pullOnce(engine, image, tell, ending.signal);
  // Whoever stopped waiting does not hear of its end.
  done.catch(() => {});
  return { done, ending, waiting };
}

async function isThere(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.ask("GET", `/images/${encodeURIComponent(image)}/json`);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return false;
    throw notProvided(image, error);
  }
}

async function pullOnce(
  engine: Engine,
  image: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let failure: string | undefined;
  let toldAt = performance.now();
  const onLine = (line: string) => {
    const news = newsIn(line);
    failure = news.error ?? failure;
    if (news.status === undefined || performance.now() - toldAt < tellMs) return;
    toldAt = performance.now();
    tell(`${image}: ${news.status}`);
  };
  try {
    const query = new URLSearchParams(reference(image));
    const progress = await engine.stream("POST", `/images/create?${query}`, { ms: pullMs, signal });
    const cut = lineCutter(longestLine, onLine, () => {});
    for await (const chunk of progress) cut(chunk);
  } catch (error) {
    throw notProvided(image, error);
  }
  // The status line of such an answer is sent before anything is known: what went wrong stands in its last line.
  if (failure !== undefined || !(await isThere(engine, image))) throw notProvided(image, failure);
  tell(`the image ${image} is there`);
}

function newsIn(line: string): { status?: string; error?: string } {
  try {
    const news: unknown = JSON.parse(line);
    if (!isObject(news)) return {};
    const [status, error] = [news["status"], news["error"]];
    return { ...(typeof status === "string" && { status }), ...(typeof error === "string" && { error }) };
  } catch {
    return {};
  }
}

/** A tag or digest is kept as given. Without either, Docker would pull every tag there is. */
export const reference = (image: string): { fromImage: string; tag?: string } =>
  /[:@]/.test(image.slice(image.lastIndexOf("/") + 1)) ? { fromImage: image } : { fromImage: image, tag: "latest" };

function notProvided(image: string, cause: unknown): Problem {
  const why = cause === undefined ? "" : `: ${messageOf(cause).slice(-300)}`;
  return new Problem("unavailable", `the image ${image} is not on this machine and cannot be pulled${why}`, { cause });
}
