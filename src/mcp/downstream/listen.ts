import { accepted, errorOutcome, respond } from "../answers.ts";
import { canonicalName } from "../catalog/names.ts";
import { resourceTarget } from "../catalog/resource-target.ts";
import type { View } from "../catalog/view.ts";
import { codes, metaKeys } from "../protocol.ts";
import type { Visit } from "../visit.ts";
import type { Calls } from "./call.ts";
import type { Changes, ChangingList } from "./changes.ts";
import { streamHead } from "./event-out.ts";
import type { Inbound } from "./inbound.ts";
import { Listening } from "./listening.ts";
import type { Readers } from "./readers.ts";
import { abilitiesOf } from "./session.ts";
import { longestFollowed } from "./session-methods.ts";

type Wanted = {
  toolsListChanged?: unknown;
  promptsListChanged?: unknown;
  resourcesListChanged?: unknown;
  resourceSubscriptions?: unknown;
  taskIds?: unknown;
};

const mostFollowed = 500;
let opened = 0;

/**
 * `subscriptions/listen` (reference/protocol.md §1.8): an event stream that first says which of the wishes are honoured, and then nothing else
 * than those, each with the id of the request that asked. It ends with its result when the right to it ends.
 */
export async function openListen(
  { calls, changes, readers }: { calls: Calls; changes: Changes; readers: Readers },
  visit: Visit,
  inbound: Inbound,
  id: string,
): Promise<void> {
  const { visitor } = visit;
  const wanted = inbound.params["notifications"] as Wanted | undefined;
  if (typeof wanted !== "object" || wanted === null || !isBounded(wanted)) {
    visit.release();
    const text = `notifications must be an object; at most ${mostFollowed} resources and tasks are followed`;
    return respond(visitor, id, errorOutcome(codes.invalidParams, text));
  }
  const owner = `listen ${++opened}`;
  const declared = inbound.meta[metaKeys.clientCapabilities];
  const view = await calls.viewOf(visit, abilitiesOf(declared));
  const { lists, resources, tasks } = await honoured(calls, changes, visit, view, owner, wanted);
  // Either may have come while the servers were asked, and then nobody would end the stream any more.
  if (visit.cut.hasEnded || visit.request.signal.aborted) {
    changes.unfollow(owner);
    visit.cut.throwIfEnded();
    visit.release();
    return visitor.answer(null, accepted);
  }
  const shown = new Map<string, { name: string; tool?: string }>([
    ...resources.map(({ serverId, key, shown: name }) => [`${serverId} ${key}`, { name }] as const),
    ...tasks.map(({ serverId, key, shown: name, tool }) => [`${serverId} task ${key}`, { name, tool }] as const),
  ]);
  const listening = new Listening({ changes, readers, visit, owner, id, shown }, setOf(lists));
  listening.tell(
    "notifications/subscriptions/acknowledged",
    JSON.stringify({ notifications: acknowledged(lists, resources, tasks) }),
  );
  changes.subscribe(listening);
  visit.cut.add(listening);
  visit.request.signal.addEventListener("abort", listening);
  // While the servers were asked, the right may have ended or the client gone: of that nothing is heard any more.
  if (visit.request.signal.aborted) listening.out.close();
  visitor.answer(listening.out.body, streamHead);
}

const sets = new Map<string, ReadonlySet<ChangingList>>();

/** There are eight at most, and thousands who wish for one of them. */
function setOf(lists: readonly ChangingList[]): ReadonlySet<ChangingList> {
  const key = lists.join();
  const known = sets.get(key) ?? new Set(lists);
  sets.set(key, known);
  return known;
}

/** Of what is wished, what there is, the caller may see, and its server tells. */
async function honoured(calls: Calls, changes: Changes, visit: Visit, view: View, owner: string, wanted: Wanted) {
  const lists = (["tools", "prompts", "resources"] as const).filter((list) => wanted[`${list}ListChanged`] === true);
  const may = calls.mayOf(visit);
  const resources = strings(wanted.resourceSubscriptions).flatMap((uri) => {
    const target = resourceTarget(view, uri);
    const isOpen = target !== undefined && may?.("resources", target) !== false;
    return isOpen ? [{ serverId: target.server.id, key: target.key, shown: uri }] : [];
  });
  const ids = calls.tasksOf(visit);
  const tasks = strings(wanted.taskIds).flatMap((shown) => {
    const task = ids.open(shown);
    const server = visit.admission.servers.find(({ id }) => id === task?.serverId);
    // As with tasks/get: whoever may not use the tool any more has no task of it.
    if (task === undefined || server === undefined) return [];
    const target = view.tools.get(canonicalName(server.name, task.tool));
    if (target === undefined || may?.("tools", target) === false) return [];
    return [{ serverId: task.serverId, key: task.id, shown, tool: task.tool }];
  });
  const failed = await changes.follow(owner, visit.admission.servers, resources, tasks);
  const told = ({ serverId }: { serverId: string }) => !failed.includes(serverId);
  return { lists, resources: resources.filter(told), tasks: tasks.filter(told) };
}

type Follows = readonly { serverId: string; key: string; shown: string }[];

const acknowledged = (lists: readonly ChangingList[], resources: Follows, tasks: Follows) => ({
  ...Object.fromEntries(lists.map((list) => [`${list}ListChanged`, true])),
  ...(resources.length === 0 ? {} : { resourceSubscriptions: resources.map(({ shown }) => shown) }),
  ...(tasks.length === 0 ? {} : { taskIds: tasks.map(({ shown }) => shown) }),
});

const strings = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.filter((item): item is string => typeof item === "string" && item.length <= longestFollowed)
    : [];

const isBounded = ({ resourceSubscriptions, taskIds }: Wanted): boolean =>
  strings(resourceSubscriptions).length + strings(taskIds).length <= mostFollowed;
