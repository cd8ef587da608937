import { join } from "node:path";
import { freePort } from "../test/delivery/real-serve.ts";
import { type Core, on } from "./cores.ts";

export const programPath = (name: string): string => join(import.meta.dir, "programs", `${name}.ts`);
export type Program = { port: number; pid: number; close: () => Promise<void> };

/** Starts one of the bench's own programs on a port, and answers once it listens. */
export const startProgram = (name: string, args: readonly string[], core: Core): Promise<Program> =>
  startCommand((port) => [process.execPath, programPath(name), String(port), ...args], core);

export async function startCommand(command: (port: number) => readonly string[], core: Core): Promise<Program> {
  const port = freePort();
  const child = Bun.spawn(on(core, command(port)), { stdio: ["ignore", "ignore", "ignore"] });
  const close = async () => {
    child.kill();
    await child.exited;
  };
  await listening(port, child).catch(async (error) => {
    await close();
    throw error;
  });
  return { port, pid: child.pid, close };
}

async function listening(port: number, child: Bun.Subprocess): Promise<void> {
  for (const end = performance.now() + 20_000; performance.now() < end; await Bun.sleep(20)) {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }).catch(() => undefined);
    if (socket !== undefined) return void socket.end();
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
  }
  throw new Error(`nothing listens at port ${port}`);
}
