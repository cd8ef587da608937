const esc = String.fromCharCode(27);
const movements = new RegExp(`${esc}(?:\\[[0-9;?<>=]*[A-Za-z]|[=>()][A-Z0-9]?)`, "g");

/** A shell on a terminal, and somebody who types. */
export function typist(command: string[], env: Record<string, string | undefined>, cwd: string) {
  let written = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn(command, {
    env,
    cwd,
    terminal: {
      cols: 100,
      rows: 50,
      data: (_, data) => {
        written += decoder.decode(data, { stream: true });
      },
    },
  });

  /** Types, and waits for what must come of it; answers what the terminal was sent meanwhile, without colours and movements of the cursor. */
  async function type(keys: string, expected: RegExp): Promise<string> {
    written = "";
    child.terminal?.write(keys);
    for (const end = performance.now() + 15_000; performance.now() < end; await Bun.sleep(5)) {
      const seen = written.replace(movements, "");
      if (expected.test(seen)) return seen;
    }
    throw new Error(`${JSON.stringify(keys)} did not bring ${expected}:\n${written}`);
  }

  async function leave(): Promise<void> {
    child.kill("SIGKILL");
    await child.exited;
    child.terminal?.close();
  }
  return { type, leave };
}
