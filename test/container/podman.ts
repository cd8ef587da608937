import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const podman = Bun.which("podman");
const here = resolve(import.meta.dir, "../..");

function run(command: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: here });
  return { exitCode, out: stdout.toString().trim(), err: stderr.toString() };
}

function must(command: string[]): void {
  const { exitCode, out, err } = run(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${out}\n${err}`);
}

// Machines without systemd and without user namespaces of their own run containers only so.
const settings = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
${Bun.which("runc") === null ? "" : 'runtime = "runc"'}
`;

/** A container engine of the test's own on a socket, and an image made of nothing but our executable and one MCP server. */
export async function startEngine(server = "test/servers/contained.ts") {
  if (!existsSync(join(here, "dist/mcpctl"))) throw new Error("dist/mcpctl is missing: bun run build");
  const folder = mkdtempSync(join(tmpdir(), "mcpctl-engine-"));
  const socket = join(folder, "engine.sock");
  writeFileSync(join(folder, "containers.conf"), settings);
  const env = { ...process.env, CONTAINERS_CONF: join(folder, "containers.conf") };
  const start = () =>
    Bun.spawn([podman ?? "", "system", "service", "--time", "0", `unix://${socket}`], {
      env,
      // Where it stands it leaves a file "oom" when a container used too much memory.
      cwd: folder,
      stdio: ["ignore", "ignore", "ignore"],
    });
  const image = `localhost/mcpctl-contained-${process.pid}:1`;
  await buildImage(folder, image, server);
  let service = start();
  await answers(socket);
  return {
    socket,
    image,
    podman: (...words: string[]) => run([podman ?? "", ...words]),
    /** As a crash and a start of the engine itself. */
    async restart(): Promise<void> {
      service.kill("SIGKILL");
      await service.exited;
      service = start();
      await answers(socket);
    },
    async stop(): Promise<void> {
      service.kill();
      await service.exited;
      run([podman ?? "", "rmi", "-f", image]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function buildImage(folder: string, image: string, server: string): Promise<void> {
  const root = join(folder, "root");
  must([process.execPath, "scripts/image.ts", root]);
  const built = await Bun.build({
    entrypoints: [join(here, server)],
    target: "bun",
    outdir: folder,
  });
  copyFileSync(built.outputs[0]?.path ?? "", join(root, "server.js"));
  writeFileSync(
    join(folder, "Containerfile"),
    'FROM scratch\nCOPY root/ /\nENV BUN_BE_BUN=1\nENTRYPOINT ["/usr/bin/mcpctl", "/server.js"]\n',
  );
  const runtime = Bun.which("runc") === null ? [] : ["--runtime", "runc"];
  must([podman ?? "", "build", "--format", "docker", ...runtime, "-t", image, folder]);
}

async function answers(socket: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const response = await fetch("http://engine/_ping", { unix: socket }).catch(() => undefined);
    if (response?.ok === true) return;
    await Bun.sleep(50);
  }
  throw new Error("the engine did not start");
}
