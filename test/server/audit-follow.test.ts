import { expect, test } from "bun:test";
import { Problem } from "../../src/lib/problem.ts";
import { followedAudit } from "../../src/server/audit-follow.ts";
import type { Rooms } from "../../src/server/rooms.ts";
import type { Call } from "../../src/server/route.ts";

const followed = (failure: Problem): Promise<string> => {
  const rooms = {
    db: { read: () => Promise.reject(failure) },
    audit: { follow: () => () => {} },
    stopSignal: new AbortController().signal,
  } as unknown as Rooms;
  const call = { request: new Request("http://localhost"), keepOpen: () => {} } as unknown as Call;
  return followedAudit([], 0, {}, call, rooms).text();
};

test("whose right has ended is at the end; where the database fails, the answer breaks off", async () => {
  expect(await followed(new Problem("forbidden", "no more"))).toBe("");
  await expect(followed(new Problem("unavailable", "busy"))).rejects.toThrow("busy");
  await expect(followed(new Problem("internal", "damaged"))).rejects.toThrow("damaged");
});
