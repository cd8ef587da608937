import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { openInlet, type Words, wordsInto } from "../../src/instances/inlet.ts";

/** Both ways to a child: our socket, and the pipe that Bun makes. */
const ways: Record<string, (command: string[]) => { words: Words; child: Bun.Subprocess<never, "pipe", "inherit"> }> = {
  "our socket": (command) => {
    const inlet = openInlet();
    if (inlet === undefined) throw new Error("there is no inlet here");
    const child = Bun.spawn(command, { stdin: inlet.childEnd, stdout: "pipe", stderr: "inherit" });
    inlet.spawned(true);
    return { words: inlet.open(), child: child as never };
  },
  "Bun's pipe": (command) => {
    const child = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    return { words: wordsInto(child.stdin), child: child as never };
  },
};

for (const [way, started] of Object.entries(ways)) {
  test(`all that is sent arrives in order, long lines and wide characters too, and then the end: ${way}`, async () => {
    const { words, child } = started(["cat"]);
    const said = new Response(child.stdout).text();
    const lines = [
      "",
      "a",
      "ü".repeat(70_000),
      "😀".repeat(200_001),
      `x${"😀→é".repeat(100_000)}`,
      "b".repeat(3_000_000),
    ];
    for (let n = 0; n < 40_000; n++) lines.push(`line ${n}`);
    for (const line of lines) words.send(line);
    words.end();
    expect((await said) === `${lines.join("\n")}\n`).toBe(true);
    expect(await child.exited).toBe(0);
    words.close();
  });

  test(`what nobody reads is refused beyond a bound, and read on when somebody does: ${way}`, async () => {
    const { words, child } = started(["sh", "-c", "sleep 1; exec wc -c"]);
    const said = new Response(child.stdout).text();
    let sent = 0;
    const line = "x".repeat(1_000_000);
    const flood = async () => {
      for (; sent < 100; sent++) {
        words.send(line);
        await Bun.sleep(0);
      }
    };
    await expect(flood()).rejects.toThrow("the server does not read what it is sent");
    expect(sent).toBeGreaterThan(30);
    expect(sent).toBeLessThan(36);
    words.end();
    expect(Number(await said)).toBe(sent * 1_000_001);
    words.close();
  });
}

test("what is let go of, or never started, keeps no descriptor", async () => {
  const open = () => readdirSync("/proc/self/fd").length;
  const { words, child } = ways["our socket"]?.(["sleep", "60"]) ?? {};
  const before = open();
  words?.close();
  openInlet()?.spawned(false);
  await Bun.sleep(50);
  expect(open()).toBeLessThan(before);
  child?.kill();
  await child?.exited;
});
