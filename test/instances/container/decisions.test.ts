import { describe, expect, test } from "bun:test";
import { creation } from "../../../src/instances/container/creation.ts";
import { exitOf, refusalOf } from "../../../src/instances/container/ending.ts";
import { reference } from "../../../src/instances/container/image.ts";
import { pathOf } from "../../../src/instances/container/serving.ts";
import { socketsOf } from "../../../src/instances/container/sockets.ts";
import type { ServerFields } from "../../../src/resources/server.ts";

const fields = (more: Partial<ServerFields> = {}): ServerFields => ({ transport: "stdio", image: "tools:1", ...more });
const made = (more: Partial<ServerFields>, env: Record<string, string> = {}) =>
  // biome-ignore lint/suspicious/noExplicitAny: looked into as the engine does.
  creation({ fields: fields(more), env, labels: { a: "b" }, init: true }) as any;

describe("which sockets are tried", () => {
  const none = { chosen: undefined, dockerHost: undefined, runtimeDir: undefined, uid: undefined };
  test.each([
    [
      "whatever is there, the user's own first",
      { ...none, runtimeDir: "/run/user/7", uid: 7 },
      ["/run/user/7/podman/podman.sock", "/run/podman/podman.sock", "/var/run/docker.sock"],
    ],
    [
      "a session elsewhere than its user's",
      { ...none, runtimeDir: "/tmp/x", uid: 7 },
      [
        "/tmp/x/podman/podman.sock",
        "/run/user/7/podman/podman.sock",
        "/run/podman/podman.sock",
        "/var/run/docker.sock",
      ],
    ],
    ["the one that was named, and no other", { ...none, chosen: "/a", dockerHost: "unix:///b", uid: 7 }, ["/a"]],
    ["the one other tools go by", { ...none, dockerHost: "unix:///b", uid: 7 }, ["/b"]],
    [
      "an engine elsewhere is none",
      { ...none, dockerHost: "tcp://10.0.0.1:2375" },
      ["/run/podman/podman.sock", "/var/run/docker.sock"],
    ],
  ])("%s", (_, where, expected) => {
    expect(socketsOf(where)).toEqual(expected);
  });
});

describe("what is asked for", () => {
  test("whatever a server says of itself, nothing more than a plain program may do", () => {
    for (const more of [{}, { readOnly: true, network: "host", user: "root", volumes: ["/:/host"] }]) {
      expect(made(more).HostConfig).toMatchObject({
        Privileged: false,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        AutoRemove: false,
        RestartPolicy: { Name: "no" },
        LogConfig: { Type: "none" },
      });
    }
  });

  test("bounds are written in the engine's units, and only those that are set", () => {
    const { HostConfig } = made({ memoryMiB: 64, cpus: 0.25, processes: 9, openFiles: 99 });
    expect(HostConfig).toMatchObject({
      Memory: 67_108_864,
      MemorySwap: 67_108_864,
      NanoCpus: 250_000_000,
      PidsLimit: 9,
      Ulimits: [{ Name: "nofile", Soft: 99, Hard: 99 }],
    });
    expect(Object.keys(made({}).HostConfig)).not.toContain("Memory");
  });

  test("one that speaks over stdio has an input that ends, one that serves has a port of this machine alone", () => {
    expect(made({}, { A: "b=c" })).toMatchObject({ OpenStdin: true, StdinOnce: true, Tty: false, Env: ["A=b=c"] });
    const served = made({ transport: "http", containerPort: 80 });
    expect(served).toMatchObject({ OpenStdin: false, ExposedPorts: { "80/tcp": {} } });
    expect(served.HostConfig.PortBindings).toEqual({ "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] });
    expect(made({ transport: "http", containerPort: 80, network: "host" }).HostConfig.PortBindings).toBeUndefined();
  });

  test("the image's own program and arguments stay where nothing else is said", () => {
    expect(Object.keys(made({}))).not.toContain("Cmd");
    expect(made({ args: ["a b", "$c"] }).Cmd).toEqual(["a b", "$c"]);
  });
});

test.each([
  ["tools", { fromImage: "tools", tag: "latest" }],
  ["host:5000/tools", { fromImage: "host:5000/tools", tag: "latest" }],
  ["host:5000/tools:2", { fromImage: "host:5000/tools:2" }],
  ["tools@sha256:00ff", { fromImage: "tools@sha256:00ff" }],
])("the image %s is pulled as it is named, and never with all its tags", (image, expected) => {
  expect(reference(image)).toEqual(expected);
});

test("where it is looked for at its port", () => {
  expect(pathOf(fields({ transport: "http" }))).toBe("/mcp");
  expect(pathOf(fields({ transport: "sse" }))).toBe("/sse");
  expect(pathOf(fields({ transport: "http", containerPath: "/" }))).toBe("/");
});

describe("how it ended, in words", () => {
  test.each([
    ["a code", { ExitCode: 3 }, {}, [], { code: 3, signal: null }],
    ["a signal", { ExitCode: 143 }, {}, [], { code: null, signal: "SIGTERM" }],
    [
      "out of memory",
      { ExitCode: 137, OOMKilled: true },
      { memoryMiB: 64 },
      [],
      { reason: "it used more memory than it may (memoryMiB: 64)" },
    ],
    [
      "an engine that does not notice",
      { ExitCode: 137 },
      { memoryMiB: 64 },
      [],
      { reason: "it was killed, as happens to one that uses more memory than it may (memoryMiB: 64)" },
    ],
    [
      "podman's first process",
      { ExitCode: 1 },
      {},
      ["ERROR (catatonit:6): failed to exec pid1: No such file or directory"],
      { reason: "the image tools:1 has no such program as it is to be started with" },
    ],
    [
      "Docker's first process",
      { ExitCode: 127 },
      {},
      ["[FATAL tini (7)] exec /x failed: No such file or directory"],
      { reason: "the image tools:1 has no such program as it is to be started with" },
    ],
    [
      "another processor",
      { ExitCode: 1 },
      {},
      ["ERROR (catatonit:6): failed to exec pid1: Exec format error"],
      { reason: "the program of the image tools:1 is none for this machine's processor (exec format error)" },
    ],
  ])("%s", (_, ended, more, stderr, expected) => {
    const exit = exitOf({ OOMKilled: false, ...ended }, fields(more), stderr, false);
    expect(exit).toMatchObject(expected);
    expect(exit.reason === undefined).toBe(!("reason" in expected));
  });

  test("one that we killed ourselves was not out of memory", () => {
    expect(exitOf({ ExitCode: 137, OOMKilled: false }, fields({ memoryMiB: 64 }), [], true).reason).toBeUndefined();
  });
});

test.each([
  [
    'runc: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: OCI runtime attempted to invoke a command that was not found',
    "the image tools:1 has no such program as it is to be started with",
  ],
  [
    'failed to create task for container: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "x": executable file not found in $PATH: unknown',
    "the image tools:1 has no such program as it is to be started with",
  ],
  [
    'runc: unable to start container process: exec: "/x": permission denied: OCI permission denied',
    "the program of the image tools:1 cannot be executed by its user",
  ],
  ["unable to find user u: no matching entries in passwd file", "the image tools:1 has no user u; give UID:GID"],
  [
    "container create: unable to find network with name or ID n: network not found",
    "the container engine has no network n",
  ],
  ["network n not found", "the container engine has no network n"],
  ["no command specified", "the image tools:1 says no program to run, and the server has no args"],
  ["the moon is full", "the container engine refused to start it: the moon is full"],
])("the engine's refusal %s", (message, expected) => {
  expect(refusalOf(message, fields({ user: "u", network: "n" }))).toBe(expected);
});
