import type { ServerFields } from "../../resources/server.ts";

export type Creation = {
  fields: ServerFields;
  env: Record<string, string>;
  labels: Record<string, string>;
  /** Whether the engine puts a first process of its own before the server, which reaps what is orphaned and lets it be ended by SIGTERM. */
  init: boolean;
};

const MiB = 1024 * 1024;
const temporary = "rw,nosuid,nodev,size=64m,mode=1777";

/** Pure: what the engine is asked to make. Nothing here can give a container more than a program has that may do nothing special. */
export function creation({ fields, env, labels, init }: Creation): object {
  const { image, args, cwd, user, containerPort } = fields;
  const speaks = containerPort === undefined;
  return {
    Image: image,
    ...(args && { Cmd: args }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(cwd && { WorkingDir: cwd }),
    ...(user && { User: user }),
    Labels: labels,
    Tty: false,
    OpenStdin: speaks,
    StdinOnce: speaks,
    AttachStdin: speaks,
    AttachStdout: true,
    AttachStderr: true,
    // Health is found out by speaking to the server.
    Healthcheck: { Test: ["NONE"] },
    ...(!speaks && { ExposedPorts: { [`${containerPort}/tcp`]: {} } }),
    HostConfig: hostConfig(fields, init),
  };
}

function hostConfig(fields: ServerFields, init: boolean): object {
  const { containerPort, memoryMiB, cpus, processes, openFiles, readOnly, network, volumes } = fields;
  const publishes = containerPort !== undefined && network !== "host";
  return {
    Init: init,
    Privileged: false,
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges"],
    // It is we who start it again, and who read how it ended before it is removed.
    RestartPolicy: { Name: "no" },
    AutoRemove: false,
    // What it writes is read over the connection and kept within bounds; the engine would keep it a second time, and without any.
    LogConfig: { Type: "none", Config: {} },
    ...(network && { NetworkMode: network }),
    ...(publishes && { PortBindings: { [`${containerPort}/tcp`]: [{ HostIp: "127.0.0.1", HostPort: "" }] } }),
    ...(readOnly === true && { ReadonlyRootfs: true, Tmpfs: { "/tmp": temporary } }),
    ...(volumes && { Binds: volumes }),
    ...(memoryMiB && { Memory: memoryMiB * MiB, MemorySwap: memoryMiB * MiB }),
    ...(cpus && { NanoCpus: Math.round(cpus * 1e9) }),
    ...(processes && { PidsLimit: processes }),
    ...(openFiles && { Ulimits: [{ Name: "nofile", Soft: openFiles, Hard: openFiles }] }),
  };
}
