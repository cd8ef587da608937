/** What a terminal was sent, as a person reads it: without colours and movements of the cursor. */
const legible = (text: string) =>
  text.replace(/\u001b(\[[0-9;?<>=]*[A-Za-z]|[=>()][A-Z0-9]?|\][^\u0007\u001b]*(\u0007|\u001b\\))/g, "");

/** A shell on a terminal, and somebody who types. */
export function typist(command: string[], env: Record<string, string | undefined>, cwd: string) {
  let written = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn(command, {
    env,
    cwd,
    terminal: { cols: 100, rows: 50, data: (_, data) => void (written += decoder.decode(data, { stream: true })) },
  });

  /** Types, and waits for what must come of it; answers all that came since. */
  async function type(keys: string, expected: string | RegExp): Promise<string> {
    written = "";
    child.terminal?.write(keys);
    for (const end = performance.now() + 10_000; performance.now() < end; await Bun.sleep(10)) {
      const seen = legible(written);
      if (typeof expected === "string" ? seen.includes(expected) : expected.test(seen)) return seen;
    }
    throw new Error(`${JSON.stringify(keys)} did not bring ${expected}:\n${legible(written)}`);
  }

  async function leave(): Promise<void> {
    child.kill("SIGKILL");
    await child.exited;
    child.terminal?.close();
  }
  return { type, leave };
}
