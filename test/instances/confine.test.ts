import { describe, expect, test } from "bun:test";
import { accountOf } from "../../src/instances/account.ts";
import { confine, type Machine } from "../../src/instances/confine.ts";
import { overOf } from "../../src/instances/usage.ts";

const machine: Machine = {
  platform: "linux",
  uid: 0,
  passwd:
    "root:x:0:0:root:/root:/bin/sh\nana:x:1000:1001:Ana:/home/ana:/bin/sh\nlost:x:1002:1002::/gone:/bin/sh\n\n# a: b\n",
  group: "ana:x:1001:\nvideo:x:44:bob,ana\ndocker:x:998:anabel\n",
  openFiles: 4096,
  processors: [0, 1, 2, 5],
  isFolder: (path) => path !== "/gone",
};
const on = (own: Partial<Machine>) => ({ ...machine, ...own });

describe("whom a process runs as", () => {
  test.each([
    ["ana", { name: "ana", uid: 1000, gid: 1001, groups: [1001, 44], home: "/home/ana" }],
    ["1000", { name: "ana", uid: 1000, gid: 1001, groups: [1001, 44], home: "/home/ana" }],
    ["1000:44", { name: "ana", uid: 1000, gid: 44, groups: [44], home: "/home/ana" }],
    ["65532:65532", { name: "65532", uid: 65532, gid: 65532, groups: [65532] }],
    ["nobody", undefined],
    ["4294967295", undefined],
    ["99999999999", undefined],
  ])("%s", (user, expected) => {
    expect(accountOf(user, machine.passwd, machine.group)).toEqual(expected);
  });

  test("its home and name follow, and it starts where it may be", () => {
    expect(confine({ user: "ana" }, machine, 0)).toMatchObject({
      confinement: { account: { uid: 1000 } },
      identity: { HOME: "/home/ana", USER: "ana", LOGNAME: "ana" },
      cwd: "/home/ana",
    });
    expect(confine({ user: "lost", cwd: "/srv" }, machine, 0)).toMatchObject({ identity: { HOME: "/" }, cwd: "/srv" });
  });

  test.each([
    ["bob", machine, "there is no user bob on this machine"],
    ["ana", on({ uid: 1002 }), "to run it as ana mcpctl must be root"],
    ["ana", on({ platform: "darwin" }), "it can be run as another user only on Linux"],
  ])("%s cannot be", (user, here, message) => {
    expect(() => confine({ user }, here, 0)).toThrow(message);
  });

  test("nobody is changed into who they are", () => {
    expect(confine({ user: "ana" }, on({ uid: 1000 }), 0).confinement).toEqual({});
  });
});

describe("limits", () => {
  test("without any, nothing is asked of anybody", () => {
    expect(confine({}, machine, 0)).toEqual({ confinement: {}, allowance: {}, identity: {}, notes: [] });
  });

  test("processes are the kernel's to bound only for a user of the server's own", () => {
    expect(confine({ processes: 9 }, machine, 0)).toMatchObject({ confinement: {}, allowance: { processes: 9 } });
    expect(confine({ processes: 9, user: "ana" }, machine, 0).confinement).toMatchObject({ processes: 9 });
    expect(confine({ processes: 9, user: "root" }, machine, 0).confinement.processes).toBeUndefined();
  });

  test("more files than we may have ourselves are told of, and not dropped", () => {
    expect(confine({ openFiles: 9000 }, on({ uid: 1 }), 0)).toMatchObject({
      confinement: { openFiles: 4096 },
      notes: ["openFiles: 9000 is more than mcpctl itself may have; it is 4096"],
    });
    expect(confine({ openFiles: 9000 }, machine, 0)).toMatchObject({ confinement: { openFiles: 9000 }, notes: [] });
  });

  test.each([
    [2, 0, [0, 1], []],
    [2, 0.99, [5, 0], []],
    [0.5, 0.5, [2], ["cpus: 0.5 of a process is 1, whole processors; an image takes parts"]],
    [4, 0, undefined, []],
    [64, 0, undefined, []],
  ])("cpus: %p", (cpus, spread, processors, notes) => {
    const { confinement, notes: said } = confine({ cpus }, machine, spread);
    expect({ processors: confinement.processors, notes: said }).toEqual({ processors, notes });
  });

  test("what another system cannot keep is said, field by field", () => {
    const wishes = { cpus: 1, memoryMiB: 64, openFiles: 64, processes: 64 };
    expect(confine(wishes, on({ platform: "darwin" }), 0)).toEqual({
      confinement: {},
      allowance: {},
      identity: {},
      notes: ["memoryMiB", "cpus", "openFiles", "processes"].map(
        (field) => `${field} is not kept on this system, only on Linux`,
      ),
    });
  });
});

describe("what is used", () => {
  const member = (threads: number, residentPages: number) => ({
    ...{ pid: 1, parent: 0, group: 1, startTicks: 1n, isZombie: false },
    threads,
    residentPages,
  });
  const never = () => {
    throw new Error("asked although the rough sum is within");
  };
  const mebibyte = 256;

  test("is over when processes and threads together are too many", () => {
    expect(overOf({ processes: 5 }, [member(2, 0), member(3, 0)], never)).toBeUndefined();
    expect(overOf({ processes: 5 }, [member(2, 0), member(4, 0)], never)).toBe(
      "it had 6 of the 5 processes and threads that it may have",
    );
  });

  test("is over when its share of memory is; what several share is asked about only then", () => {
    const two = [member(1, 40 * mebibyte), member(1, 40 * mebibyte)];
    expect(overOf({ memoryMiB: 100 }, two, never)).toBeUndefined();
    expect(overOf({ memoryMiB: 64 }, two, () => 30 * 1024)).toBeUndefined();
    expect(overOf({ memoryMiB: 64 }, two, () => 40 * 1024)).toBe("it used 80 MiB of the 64 MiB that it may");
  });
});
