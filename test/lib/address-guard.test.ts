import { expect, test } from "bun:test";
import { hostOf, mayReach, reachOf } from "../../src/lib/address-guard.ts";

test.each([
  ["8.8.8.8", "public"],
  ["172.32.0.1", "public"],
  ["2606:4700::1111", "public"],
  ["::ffff:8.8.8.8", "public"],
  ["127.0.0.1", "private"],
  ["0.0.0.0", "private"],
  ["0.1.2.3", "private"],
  ["10.1.2.3", "private"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.1.1", "private"],
  ["100.64.0.1", "private"],
  ["100.127.255.255", "private"],
  ["224.0.0.1", "private"],
  ["255.255.255.255", "private"],
  ["::", "private"],
  ["::1", "private"],
  ["::ffff:127.0.0.1", "private"],
  ["::ffff:7f00:1", "private"],
  ["0:0:0:0:0:ffff:10.0.0.1", "private"],
  ["::127.0.0.1", "private"],
  ["fd12::1", "private"],
  ["fc00::1", "private"],
  ["fec0::1", "private"],
  ["ff02::1", "private"],
  ["64:ff9b::808:808", "private"],
  ["64:ff9b::7f00:1", "private"],
  ["64:ff9b:1::1", "private"],
  ["2002:7f00:1::", "private"],
  ["2001:0:1:2::3", "private"],
  ["2001:db8::1", "private"],
  ["name.test", "private"],
  ["", "private"],
  ["169.254.169.254", "metadata"],
  ["169.254.0.1", "metadata"],
  ["::ffff:169.254.169.254", "metadata"],
  ["::ffff:a9fe:a9fe", "metadata"],
  ["64:ff9b::a9fe:a9fe", "metadata"],
  ["fe80::1", "metadata"],
  ["fe80::1%eth0", "metadata"],
  ["febf::1", "metadata"],
  ["fd00:ec2::254", "metadata"],
  ["fd20:ce::254", "metadata"],
  ["100.100.100.200", "metadata"],
  ["168.63.129.16", "metadata"],
] as const)("%s is %s", (address, reach) => {
  expect(reachOf(address)).toBe(reach);
});

test("what somebody wrote may be private, what a name leads to may not, and neither may tell a cloud's credentials", () => {
  const may = (isWritten: boolean) =>
    ["8.8.8.8", "10.0.0.1", "169.254.169.254"].map((address) => mayReach(isWritten, [address]));
  expect([may(true), may(false)]).toEqual([
    [true, true, false],
    [true, false, false],
  ]);
});

test("one address that is wrong refuses all that a name leads to", () => {
  expect(mayReach(false, ["8.8.8.8", "1.1.1.1"])).toBe(true);
  expect(mayReach(false, ["8.8.8.8", "127.0.0.1"])).toBe(false);
});

test.each([
  ["http://0x7f.1/", "127.0.0.1", true],
  ["http://2130706433/", "127.0.0.1", true],
  ["http://0177.0.0.1/", "127.0.0.1", true],
  ["http://127.1/", "127.0.0.1", true],
  ["http://127.0.0.1./", "127.0.0.1", true],
  ["http://①②⑦.0.0.1/", "127.0.0.1", true],
  ["http://0/", "0.0.0.0", true],
  ["http://[::ffff:127.0.0.1]/", "::ffff:7f00:1", true],
  ["http://[0:0::1]/", "::1", true],
  ["http://LOCALHOST./", "localhost", true],
  ["http://a.localhost/", "a.localhost", false],
  ["http://Name.TEST./", "name.test", false],
  ["http://127.0.0.1.nip.test/", "127.0.0.1.nip.test", false],
])("the host of %s is %s", (url, host, isWritten) => {
  expect(hostOf(new URL(url))).toEqual({ host, isWritten });
});
