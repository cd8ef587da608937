import { join } from "node:path";
import type { Era } from "./fixture/wire.ts";

const program = join(import.meta.dir, "fixture/main.ts");

/** The fixture as a command line and its environment, for whoever starts it over stdio. */
export const stdioFixture = (era: Era) => ({
  command: [process.execPath, program],
  env: { ERA: era, TRANSPORT: "stdio" },
});

/** A fixture of this era in a process of its own, on a free port; stop it, or use `await using`. */
export async function httpFixture(era: Era) {
  const child = Bun.spawn([process.execPath, program], {
    env: { ...process.env, ERA: era, TRANSPORT: "http", PORT: "0" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  const url = new TextDecoder().decode(value).trim();
  if (!url.startsWith("http")) throw new Error("the fixture did not start");
  const stop = async (): Promise<void> => {
    child.kill();
    await child.exited;
  };
  return { url, stop, [Symbol.asyncDispose]: stop };
}
