import { expect, test } from "bun:test";
import { createRefusals } from "../../src/operations/refusals.ts";
import type { AuditEntry } from "../../src/resources/audit.ts";

function refusals() {
  const noted: AuditEntry[] = [];
  const clock = { at: 1_000, now: () => clock.at };
  return { ...createRefusals({ clock, note: (entry) => void noted.push(entry) }), noted, clock };
}
const refused = (path: string, subject = "", address = "10.0.0.1"): AuditEntry => ({
  at: 1_000,
  kind: "refused",
  outcome: "refused",
  actor: { subject },
  address,
  action: "no token",
  detail: { path },
});

test("the first is told at once, its repetitions within the minute together", () => {
  const { add, noted, clock } = refusals();
  for (let i = 0; i < 5_000; i++) add(refused("/a"));
  expect(noted).toHaveLength(1);
  clock.at += 60_000;
  add(refused("/a"));
  expect(noted.map(({ detail }) => detail)).toEqual([{ path: "/a" }, { path: "/a", again: 4_999 }, { path: "/a" }]);
});

test("another address, path or caller is another refusal", () => {
  const { add, noted } = refusals();
  for (const entry of [refused("/a"), refused("/b"), refused("/a", "User:x"), refused("/a", "", "10.0.0.2")])
    add(entry);
  expect(noted).toHaveLength(4);
});

test("strangers who never repeat themselves fill nothing, and push nobody else out", () => {
  const { add, noted, close } = refusals();
  for (let i = 0; i < 10_000; i++) add(refused(`/${i}`));
  expect(noted).toHaveLength(100);
  add(refused("/a", "User:x"));
  expect(noted).toHaveLength(101);
  close();
  expect(noted.at(-1)).toMatchObject({ action: "many others", detail: { count: 9_900, callers: "stranger" } });
});
