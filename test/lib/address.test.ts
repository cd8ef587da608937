import { expect, test } from "bun:test";
import { isIP } from "node:net";
import fc from "fast-check";
import { ipVersion, networkOf, plainAddress } from "../../src/lib/address.ts";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:c000:207", "192.0.2.7"],
  ["::1", "::1"],
  ["fe80::1%eth0", "fe80::1%eth0"],
  ["64:ff9b::192.0.2.7", "64:ff9b::192.0.2.7"],
])("%s is written %s", (given, plain) => {
  expect(plainAddress(given)).toBe(plain);
});

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
  ["2001:db8::6", "2001:db8:0:0::/64"],
  ["2001:0DB8:0001:0002::6", "2001:db8:1:2::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1:0:0:0:192.0.2.7", "0:0:1:0::/64"],
  ["::1", "0:0:0:0::/64"],
])("%s is counted as %s", (given, network) => {
  expect(networkOf(given)).toBe(network);
});

test("every address of a /64 is one caller however it is written, and the next /64 is another", () => {
  const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
  const half = fc.tuple(group, group, group, group);
  const written = (groups: readonly number[]) => groups.map((word) => word.toString(16)).join(":");
  const shortened = (address: string) => new URL(`http://[${address}]/`).hostname.slice(1, -1);
  fc.assert(
    fc.property(half, half, half, half, (network, host, otherNetwork, otherHost) => {
      const one = written([...network, ...host]);
      fc.pre(written(network) !== written(otherNetwork) && plainAddress(shortened(one)).includes(":"));
      expect(networkOf(shortened(one))).toBe(networkOf(one));
      expect(networkOf(written([...network, ...otherHost]))).toBe(networkOf(one));
      expect(networkOf(written([...otherNetwork, ...host]))).not.toBe(networkOf(one));
    }),
  );
});

test("what is an address, and of which kind, is what node:net says", () => {
  const pieces = fc.constantFrom(
    "0",
    "1",
    "255",
    "256",
    "01",
    "ffff",
    "FE80",
    "12345",
    ".",
    ":",
    "::",
    "%",
    "eth0",
    "]",
    "/",
    " ",
    "g",
  );
  const texts = fc.oneof(
    fc.array(pieces, { maxLength: 18 }).map((parts) => parts.join("")),
    fc.ipV4(),
    fc.ipV6(),
    fc.tuple(fc.ipV6(), fc.constantFrom("%eth0", "%", "%0", "%a b", "%a]")).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(texts, (text) => expect(ipVersion(text)).toBe(isIP(text) as 0 | 4 | 6)),
    { numRuns: 3000 },
  );
  for (const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "::ffff:1.2.3.4",
    "1::2::3",
    "::1]/",
    "[::1]",
    "0x7f.1",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::",
    "fe80::1%eth0",
  ])
    expect(ipVersion(text)).toBe(isIP(text) as 0 | 4 | 6);
});
