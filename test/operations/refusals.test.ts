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
  for (let i = 0; i < 10_000; i++) add(refused(`/${i}`, "", `10.0.${i % 250}.1`));
  expect(noted).toHaveLength(100);
  add(refused("/a", "User:x"));
  expect(noted).toHaveLength(101);
  close();
  const counts = noted.slice(101).map(({ detail }) => Number(detail?.["count"]));
  expect(counts.reduce((a, b) => a + b)).toBe(9_900);
});

test("one sender who never repeats himself hides neither his failed logins nor what others do", () => {
  const { add, noted, close } = refusals();
  for (let i = 0; i < 1_000; i++) add(refused(`/${i}`));
  for (let i = 0; i < 5_000; i++) add(refused(`/${i}`, "User:noisy"));
  expect(noted).toHaveLength(20 + 100);
  const login = { ...refused("/"), kind: "login", actor: { subject: "", user: "alice@example.com" } } as const;
  for (const entry of [login, refused("/a", "", "10.0.0.2"), refused("/a", "User:quiet")]) {
    add(entry);
    expect(noted.at(-1)).toBe(entry);
  }
  close();
  expect(noted.slice(-2)).toMatchObject([
    { action: "many others", actor: { subject: "User:noisy" }, detail: { count: 4_900, callers: "known" } },
    { action: "many others", address: "10.0.0.1", detail: { count: 980, callers: "stranger" } },
  ]);
});
