import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** The image for real: built with podman, run unprivileged with a read-only root and nothing else in it, serving npm servers. */
const podman = Bun.which("podman");
const image = "localhost/mcpctl-under-test";
const name = `mcpctl-test-${process.pid}`;
const port = 21_000 + (process.pid % 20_000);
const url = `http://127.0.0.1:${port}`;
const here = resolve(import.meta.dir, "../..");
// Machines without systemd and without user namespaces of their own run containers only so.
const runtime = Bun.which("runc") === null ? [] : ["--runtime", "runc"];
const limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"];

const run = (command: string[], stdin = "") => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: here, stdin: Buffer.from(stdin) });
  return { exitCode, out: stdout.toString().trim(), err: stderr.toString() };
};
const inside = (words: string[], stdin = "") =>
  run([podman ?? "", "exec", "-i", name, "/usr/bin/mcpctl", ...words], stdin);

if (podman === null)
  process.stderr.write("skipped: podman is not on this machine, so the container image is not tested\n");

beforeAll(() => {
  if (podman === null) return;
  if (!existsSync(resolve(here, "dist/mcpctl"))) throw new Error("dist/mcpctl is missing: bun run build");
  for (const command of [
    [process.execPath, "scripts/image.ts"],
    [podman, "build", "--format", "docker", ...runtime, "-t", image, "."],
    [
      podman,
      "run",
      "-d",
      "--name",
      name,
      ...runtime,
      ...limits,
      "--network",
      "host",
      "--read-only",
      "--read-only-tmpfs=false",
      "-e",
      `MCPCTL_PORT=${port}`,
      "-e",
      "MCPCTL_HOST=127.0.0.1",
      "-e",
      `MCPCTL_URL=${url}`,
      "-v",
      `${name}:/data`,
      image,
    ],
  ]) {
    const { exitCode, out, err } = run(command);
    if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${out}\n${err}`);
  }
}, 120_000);

afterAll(() => {
  if (podman === null) return;
  run([podman, "rm", "-f", "-t", "2", name]);
  run([podman, "volume", "rm", "-f", name]);
});

const when = podman === null ? test.skip : test;

when("the health check of the image passes, by the executable itself", async () => {
  for (let i = 0; i < 50 && inside(["status", "--health"]).exitCode !== 0; i++) await Bun.sleep(100);
  expect(inside(["status", "--health"]).exitCode).toBe(0);
  const [inspected] = JSON.parse(run([podman ?? "", "image", "inspect", image]).out) as {
    User: string;
    Healthcheck: { Test: string[] };
    Config: { Volumes: object };
  }[];
  expect(inspected?.User).toBe("65532:65532");
  expect(inspected?.Healthcheck.Test).toEqual(["CMD", "/usr/bin/mcpctl", "status", "--health"]);
  expect(Object.keys(inspected?.Config.Volumes ?? {})).toEqual(["/data"]);
});

when("there is nothing in it to break out with", () => {
  for (const program of ["/bin/sh", "/usr/bin/node", "/usr/bin/npm", "/usr/bin/env"]) {
    expect(run([podman ?? "", "exec", name, program]).exitCode).not.toBe(0);
  }
});

when(
  "the sample project's npm servers run in it, and a token made in it opens them from outside",
  async () => {
    const manifest = (await Bun.file(resolve(here, "examples/quickstart.yaml")).text()).replace(
      "examples/files",
      "/data",
    );
    expect(inside(["apply", "-f", "-"], manifest)).toMatchObject({ exitCode: 0 });
    const running = () =>
      (
        JSON.parse(inside(["get", "servers", "-o", "json"]).out) as { items: { status: { state: string } }[] }
      ).items.every(({ status }) => status.state === "RUNNING");
    for (let i = 0; i < 120 && !running(); i++) await Bun.sleep(250);
    expect(inside(["get", "servers"]).out).not.toContain("ERROR");
    const token = inside(["token", "create", "outside", "-p", "demo", "--quiet"]).out;
    const check = [resolve(here, "dist/mcpctl"), "test", "mcp", `${url}/mcp`, "--token", token, "--tool"];
    expect(run([...check, "files__write_file", "--args", '{"path":"/data/note.txt","content":"kept"}']).exitCode).toBe(
      0,
    );
    expect(run([...check, "files__write_file", "--args", '{"path":"/usr/note.txt","content":"no"}']).exitCode).toBe(2);
    expect(run([...check, "everything__echo", "--args", '{"message":"hi"}']).out).toContain("hi");
  },
  90_000,
);

when("it stops in order when it is asked to", () => {
  const start = performance.now();
  expect(run([podman ?? "", "stop", "-t", "20", name]).exitCode).toBe(0);
  expect(performance.now() - start).toBeLessThan(15_000);
  expect(run([podman ?? "", "inspect", name, "--format", "{{.State.ExitCode}}"]).out).toBe("0");
});
