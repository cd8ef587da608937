import type { Clock } from "../../lib/clock.ts";
import { isId, newId } from "../../lib/id.ts";
import { Problem } from "../../lib/problem.ts";
import { remember } from "../../lib/remember.ts";
import type { Recorder } from "../../rbac/record.ts";
import type { AuditActor } from "../../resources/audit.ts";
import { parseManifest } from "../../resources/parse.ts";
import { PromptRequest } from "../../resources/prompt-request.ts";
import type { Database } from "../../storage/op.ts";
import { insertResource, listWithin, type StoredResource } from "../../storage/resources.ts";
import { refuseTooMany } from "./request-source.ts";
import type { Proposal } from "./shelf.ts";

type Options = { db: Database; clock: Clock; record: Recorder };

const most = { hourly: 20, callers: 10_000 } as const;
const hourMs = 60 * 60_000;
const longestName = 63;

/** What models propose, for a person to read before anybody else sees it. */
export function createProposals({ db, clock, record }: Options) {
  /** When each caller proposed something within the last hour. Who comes with another token is the same caller. */
  const recent = new Map<string, number[]>();

  function demandPause(caller: string): number[] {
    const now = clock.now();
    const times = (recent.get(caller) ?? []).filter((at) => at > now - hourMs);
    if (times.length >= most.hourly)
      throw new Problem("conflict", `${most.hourly} proposals an hour are enough; a person reads them`, {
        hint: "propose what matters most later, or put several into one",
        retryAfterSeconds: Math.ceil(((times[0] ?? now) + hourMs - now) / 1000),
      });
    return times;
  }

  return {
    /** @throws Problem `conflict` beyond the bounds, `invalid` for what no prompt may be */
    async add(project: string, by: AuditActor, { name, content, priority, reason }: Proposal): Promise<string> {
      const caller = by.user ?? by.subject;
      const times = demandPause(caller);
      const asked = slugOf(name);
      const { fields } = parseManifest(PromptRequest, {
        name: asked,
        project,
        content,
        priority,
        ...(reason === undefined ? {} : { reason }),
      });
      // Before it is stored: many that come together are many.
      remember(recent, caller, [...times, clock.now()], most.callers);
      return await db.write(function* () {
        yield* refuseTooMany(project);
        // One that is approved must not stand in the way of a prompt that is there.
        const taken = [...(yield* listWithin(PromptRequest.kind, project)), ...(yield* listWithin("prompt", project))];
        const free = freeName(asked, new Set(taken.map((row) => row.name)));
        const now = clock.now();
        const row: StoredResource = {
          id: newId(),
          kind: PromptRequest.kind,
          name: free,
          version: 1,
          fields: { ...fields, proposedBy: by.subject },
          createdAt: now,
          updatedAt: now,
        };
        yield* insertResource(row);
        const time = new Date(now).toISOString();
        const after = { id: row.id, name: free, ...row.fields, version: 1, createdAt: time, updatedAt: time };
        yield* record({ actor: by }, { kind: PromptRequest, action: "create", after });
        return free;
      });
    },
  };
}

/** Pure: a name as resources have it, out of what a model writes. */
export function slugOf(name: string): string {
  const slug = name
    .slice(0, 4 * longestName)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, longestName)
    .replace(/^-+|-+$/g, "");
  if (slug === "") return "proposal";
  // Nothing is named by what has the form of an id.
  return isId(slug) ? `proposal-${slug}` : slug;
}

/** Pure: the name, or with the first number behind it that nobody has. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let i = 2; ; i++) {
    const end = `-${i}`;
    const next = name.slice(0, longestName - end.length).replace(/-+$/, "") + end;
    if (!taken.has(next)) return next;
  }
}
