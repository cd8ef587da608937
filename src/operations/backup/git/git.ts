import { messageOf, Problem } from "../../../lib/problem.ts";

/** What of the server's own environment git is given: where programs and keys are found. */
export type Programs = Readonly<Record<string, string>>;

export type Git = (args: readonly string[], options?: GitOptions) => Promise<Buffer>;
type GitOptions = {
  input?: string | AsyncIterable<Uint8Array>;
  /** Settings for this one run: given by the environment, since arguments are seen by everybody on the machine. */
  settings?: Readonly<Record<string, string>>;
  timeoutMs?: number;
};

const localMs = 60_000;
const mostOutput = 256 * 1024 * 1024;
const mostError = 4_096;
const usual = "/usr/local/bin:/usr/bin:/bin";

/**
 * Runs git in a repository of ours. It asks nothing, runs no hook, reads nobody's settings but the repository's, and speaks no protocol that is
 * a command. The only program besides the servers that mcpctl starts (decision 15).
 */
export function gitIn(folder: string, programs: Programs): Git {
  return async (args, { input, settings = {}, timeoutMs = localMs } = {}) => {
    const { PATH = usual } = programs;
    const program = Bun.which("git", { PATH });
    if (program === null)
      throw new Problem("unavailable", "git is not installed on the machine of the server", {
        hint: "install it there (apt-get install git), or back up with: mcpctl backup -o FILE",
      });
    const child = Bun.spawn([program, ...args], {
      cwd: folder,
      env: environment(programs, settings),
      stdin: input === undefined ? "ignore" : "pipe",
      stdout: "pipe",
      stderr: "pipe",
      // Its helpers (ssh, git-remote-https) are ended with it.
      detached: true,
    });
    const end = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    };
    const timer = setTimeout(end, timeoutMs);
    try {
      const [out, err] = await Promise.all([
        collected(child.stdout, mostOutput, end),
        collected(child.stderr, mostError, () => {}),
        fed(child.stdin, input),
      ]);
      const code = await child.exited;
      if (code === 0) return out;
      const killed = child.signalCode === "SIGKILL";
      throw new GitError(killed ? `git ${args[0]} took too long` : lastLines(err.toString()), code);
    } finally {
      clearTimeout(timer);
      end();
    }
  };
}

/** What git said when it failed. */
export class GitError extends Error {
  readonly code: number;
  constructor(message: string, code: number) {
    super(message === "" ? `git ended with ${code}` : message);
    this.code = code;
  }
}

function environment({ PATH = usual, HOME, SSH_AUTH_SOCK }: Programs, settings: Readonly<Record<string, string>>) {
  // A repository that others may write to has settings of its own, and some of them name programs.
  const safe = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "log.showSignature": "false",
    "gc.auto": "0",
    ...settings,
  };
  const entries = Object.entries(safe);
  return {
    PATH,
    ...(HOME === undefined ? {} : { HOME }),
    ...(SSH_AUTH_SOCK === undefined ? {} : { SSH_AUTH_SOCK }),
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "file:https:http:ssh",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=15",
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(
      entries.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

async function fed(stdin: Bun.FileSink | undefined, input: GitOptions["input"]): Promise<void> {
  if (stdin === undefined || input === undefined) return;
  try {
    if (typeof input === "string") stdin.write(input);
    else
      for await (const chunk of input) {
        stdin.write(chunk);
        await stdin.flush();
      }
    await stdin.end();
  } catch (error) {
    // It stopped reading; what it says of that is told by its exit.
    if (!/EPIPE|closed/i.test(messageOf(error))) throw error;
  }
}

async function collected(stream: ReadableStream<Uint8Array>, most: number, onMore: () => void): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length <= most) chunks.push(chunk);
    else onMore();
  }
  return Buffer.concat(chunks);
}

const lastLines = (text: string) => {
  const lines = text.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "" && !line.startsWith("hint:"))
    .slice(-3)
    .join("; ")
    .slice(0, 500);
};
