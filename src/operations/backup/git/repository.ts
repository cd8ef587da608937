import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../../../lib/problem.ts";
import { type Git, GitError, gitIn, type Programs } from "./git.ts";
import { isLocal, type Place, withoutCredentials } from "./place.ts";

/** A file to be in the next commit; without text it goes. */
export type FileChange = { path: string; text?: string };
export type Commit = { author: string; at: number; message: string; changes: readonly FileChange[] };
export type LogEntry = { hash: string; date: string; author: string; message: string };

const networkMs = 120_000;
const mostFiles = 100_000;

export type Repository = Awaited<ReturnType<typeof openRepository>>;

/**
 * A bare repository: the one at a local path itself, else one of ours that is pushed. Commits are made by `fast-import`, which has no working
 * tree, runs no hook and no filter, and moves the branch once all is written.
 */
export async function openRepository(place: Place, own: string, programs: Programs) {
  const { url, branch, path } = place;
  const folder = isLocal(place) ? url : own;
  const git = gitIn(folder, programs);
  const ref = `refs/heads/${branch}`;
  const isNew = !existsSync(folder);
  if (isNew) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await git(["init", "--quiet", "--bare", `--initial-branch=${branch}`, "."]);
  } else await checkBare(git, folder);
  if (!isLocal(place)) rmSync(join(folder, `${ref}.lock`), { force: true });
  const elsewhere = withoutCredentials(url);

  const text = async (args: readonly string[]) => (await git(args)).toString("utf8").trim();
  const network = (args: readonly string[]) => git(args, { settings: elsewhere.settings, timeoutMs: networkMs });

  /** Hash of the branch's last commit; undefined when it has none. */
  async function tip(): Promise<string | undefined> {
    try {
      return await text(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
    } catch (error) {
      if (error instanceof GitError && error.code === 1) return undefined;
      throw error;
    }
  }

  /** Makes the branch what it is elsewhere; false when there is none yet. */
  async function fetch(): Promise<boolean> {
    if (isLocal(place)) return false;
    const heads = (await network(["ls-remote", "--heads", "--", elsewhere.url, ref])).toString().trim();
    if (heads === "") return false;
    await network(["fetch", "--quiet", "--no-tags", "--force", "--", elsewhere.url, `${ref}:${ref}`]);
    return true;
  }

  const push = async () => void (await network(["push", "--quiet", "--", elsewhere.url, `${ref}:${ref}`]));

  /** Blob hashes by path, of the backup's folder; paths as they are below it. Anything but plain files is refused. */
  async function files(commit: string): Promise<Map<string, string>> {
    const listing = await git([
      "ls-tree",
      "-r",
      "-z",
      "--full-tree",
      commit,
      ...(path === "" ? [] : ["--", `${path}/`]),
    ]);
    const found = new Map<string, string>();
    for (const line of listing.toString("utf8").split("\0").filter(Boolean)) {
      const [, mode, type, hash = "", name = ""] = /^(\d+) (\w+) ([0-9a-f]+)\t([\s\S]*)$/.exec(line) ?? [];
      // A link or another repository among them is nothing of ours, and leads who knows where.
      if (type !== "blob" || (mode !== "100644" && mode !== "100755")) continue;
      // Nor is a name that fast-import could not be told.
      if (/[\p{Cc}\ufffd]/u.test(name)) continue;
      found.set(path === "" ? name : name.slice(path.length + 1), hash);
      if (found.size > mostFiles) throw new Problem("invalid", `there are over ${mostFiles} files in this repository`);
    }
    return found;
  }

  /** The texts of blobs, in their order. */
  async function texts(hashes: readonly string[]): Promise<string[]> {
    const out = await git(["cat-file", "--batch"], { input: `${hashes.join("\n")}\n` });
    const found: string[] = [];
    for (let at = 0; found.length < hashes.length; ) {
      const end = out.indexOf(10, at);
      const size = Number(/ blob (\d+)$/.exec(out.subarray(at, end).toString())?.[1]);
      if (end < 0 || !Number.isInteger(size)) throw new Problem("unavailable", "git does not answer as it should");
      found.push(out.subarray(end + 1, end + 1 + size).toString("utf8"));
      at = end + 1 + size + 1;
    }
    return found;
  }

  async function commit(commits: readonly Commit[], parent: string | undefined): Promise<void> {
    await git(["fast-import", "--quiet", "--done"], { input: stream(commits, ref, path, parent) });
  }

  const log = async (limit: number): Promise<LogEntry[]> => {
    if ((await tip()) === undefined) return [];
    const out = await text(["log", `--max-count=${limit}`, "--format=%H%x00%aI%x00%an%x00%s", ref]);
    return out
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split("\0"))
      .map(([hash = "", date = "", author = "", message = ""]) => ({ hash, date, author, message }));
  };

  /** The full hash of a commit of this branch. @throws Problem `not_found` */
  async function commitOf(word: string): Promise<string> {
    if (/^[0-9a-f]{4,64}$/.test(word)) {
      try {
        const hash = await text(["rev-parse", "--verify", "--quiet", `${word}^{commit}`]);
        await git(["merge-base", "--is-ancestor", hash, ref]);
        return hash;
      } catch (error) {
        if (!(error instanceof GitError)) throw error;
      }
    }
    throw new Problem("not_found", "there is no such commit on the branch of the backup", {
      hint: "mcpctl backup git log",
    });
  }

  /** The body of a commit's message, in which we keep what we know. */
  const messageOf = (hash: string) => text(["log", "--max-count=1", "--format=%B", hash]);

  return { isLocal: isLocal(place), isNew, tip, fetch, push, files, texts, commit, log, commitOf, messageOf };
}

async function checkBare(git: Git, folder: string): Promise<void> {
  const said = await git(["rev-parse", "--is-bare-repository"]).catch((error: unknown) => {
    if (!(error instanceof GitError)) throw error;
    return Buffer.from(error.message);
  });
  if (said.toString().trim() === "true") return;
  throw new Problem("invalid", `${folder} is no bare git repository that the server may use`, {
    hint: "name a path that does not exist yet, or one made with: git init --bare PATH",
  });
}

/** What fast-import reads. Lengths are given, so that no text can end before its end. */
async function* stream(commits: readonly Commit[], ref: string, path: string, parent: string | undefined) {
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const place = (name: string) => JSON.stringify(path === "" ? name : `${path}/${name}`);
  for (const [index, { author, at, message, changes }] of commits.entries()) {
    const when = `${Math.floor(at / 1000)} +0000`;
    let text = `commit ${ref}\nauthor ${author} ${when}\ncommitter mcpctl <mcpctl@localhost> ${when}\n${data(message)}`;
    if (index === 0 && parent !== undefined) text += `from ${parent}\n`;
    for (const change of changes)
      text +=
        change.text === undefined
          ? `D ${place(change.path)}\n`
          : `M 100644 inline ${place(change.path)}\n${data(change.text)}`;
    yield Buffer.from(`${text}\n`);
  }
  yield Buffer.from("done\n");
}
