import { Problem } from "../../lib/problem.ts";
import { sleep } from "../../lib/wait.ts";
import type { ListName } from "../catalog/offer.ts";
import { withMembers } from "../spans.ts";
import type { Connections, ServerRef } from "../upstream/connections.ts";
import type { Admission } from "../visit.ts";

/** Somebody who wants to hear of changes: a legacy session, or a modern client's listen stream. */
export type Subscriber = {
  /** What they may see at this very moment. @throws Problem when nothing any more */
  admission: () => Promise<Admission>;
  projectId: string;
  subject: string;
  /** Of which lists they want to hear. */
  lists: ReadonlySet<ChangingList>;
  /** What they call a thing of a server: its resources by URI, its tasks by id and with the tool that began it. */
  shown: (serverId: string, key: string) => { name: string; tool?: string } | undefined;
  tell: (method: string, params: string) => void;
  /** Nothing more will be told. */
  end: () => void;
};

export type ChangingList = Exclude<ListName, "resourceTemplates">;
const changingLists = ["tools", "prompts", "resources"] as const;

/** A server that says the same again and again is passed on this often at most. */
const calmMs = 100;

const methodOf = (list: ChangingList) => `notifications/${list}/list_changed`;

/** What somebody wants to hear of: a server's resource by its own URI, or a task by its own id. */
type Follows = readonly { serverId: string; key: string }[];

/** Asks servers to tell of changes, and brings what they say to those who asked to hear it and may. */
export function createChanges(connections: Pick<Connections, "follow" | "unfollow">) {
  const subscribers = new Set<Subscriber>();
  const soon = new Map<string, { next: (() => Promise<void>) | undefined }>();
  const closing = new AbortController();

  /** The last of many that come together; what comes while it is told waits for its turn, so that no server can make us tell without end. */
  function calmly(key: string, firstMs: number, tell: () => Promise<void>): void {
    const known = soon.get(key);
    if (known !== undefined) known.next = tell;
    else void tellOf(key, firstMs, tell);
  }

  async function tellOf(key: string, firstMs: number, tell: () => Promise<void>): Promise<void> {
    const place = { next: tell as typeof tell | undefined };
    soon.set(key, place);
    for (let pauseMs = firstMs; ; pauseMs = calmMs) {
      if (pauseMs > 0) await sleep(pauseMs, closing.signal);
      const { next } = place;
      if (next === undefined || closing.signal.aborted) break;
      place.next = undefined;
      // Of one that cannot be told the others learn nothing.
      await next().catch(() => {});
    }
    soon.delete(key);
  }

  /** With the rights of this moment: without `tool` it is what is no single tool, with `any` whatever there is of the server. */
  async function mayHear(subscriber: Subscriber, serverId: string, tool: string | undefined | typeof any) {
    try {
      const { servers, reaches, mayCall } = await subscriber.admission();
      const server = servers.find(({ id }) => id === serverId);
      if (server === undefined || reaches?.(server.name) === false) return false;
      return tool === any || mayCall?.(server.name, tool) !== false;
    } catch {
      // Whoever may not enter any more is closed by the watch.
      return false;
    }
  }

  async function listChanged(serverId: string, list: ChangingList): Promise<void> {
    const needed = list === "tools" ? any : undefined;
    for (const subscriber of [...subscribers])
      if (subscriber.lists.has(list) && (await mayHear(subscriber, serverId, needed)))
        subscriber.tell(methodOf(list), "{}");
  }

  /** A server says that one of its lists is another now. */
  function listOf(serverId: string, method: string): void {
    const list = changingLists.find((name) => methodOf(name) === method);
    if (list !== undefined) calmly(`${serverId} ${list}`, calmMs, () => listChanged(serverId, list));
  }

  /**
   * A server says something of one resource or task, in the conversation of `subject` alone if there is one; `rename` writes what the
   * subscriber calls it into the parameters.
   */
  function ofOne(
    serverId: string,
    key: string,
    method: string,
    subject: string | undefined,
    rename: (shown: string) => string,
  ): void {
    const hearing = () =>
      [...subscribers].flatMap((subscriber) => {
        const shown = subscriber.shown(serverId, key);
        const isTheirs = subject === undefined || subscriber.subject === subject;
        return shown === undefined || !isTheirs ? [] : [{ subscriber, shown }];
      });
    if (hearing().length === 0) return;
    calmly(JSON.stringify([serverId, key, subject]), 0, async () => {
      for (const { subscriber, shown } of hearing())
        if (await mayHear(subscriber, serverId, shown.tool)) subscriber.tell(method, rename(shown.name));
    });
  }

  return {
    /** Answers how to stop. */
    subscribe(subscriber: Subscriber): () => void {
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },
    unsubscribe: (subscriber: Subscriber) => void subscribers.delete(subscriber),
    /**
     * Of these resources and tasks `owner` wants to hear; servers that it named before and does not any more are told so.
     * Answers which servers will not tell.
     */
    async follow(owner: string, servers: readonly ServerRef[], resources: Follows, tasks: Follows): Promise<string[]> {
      const failed: string[] = [];
      const bring = async (server: ServerRef) => {
        const of = (all: Follows) => all.filter(({ serverId }) => serverId === server.id).map(({ key }) => key);
        try {
          await connections.follow(server, owner, { resources: of(resources), tasks: of(tasks) });
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          failed.push(server.id);
        }
      };
      // Together: one that hangs makes nobody wait for the others.
      await Promise.all(servers.map(bring));
      return failed;
    },
    unfollow: connections.unfollow,
    /** What a server says outside of any call; in the conversation of one caller alone, if it has a subject. */
    heard(server: ServerRef, method: string, params: string, subject: string | undefined): void {
      const { uri, taskId } = JSON.parse(params) as { uri?: unknown; taskId?: unknown };
      const renamed = (member: string) => (shown: string) => withMembers(params, { [member]: JSON.stringify(shown) });
      if (method.endsWith("/list_changed")) listOf(server.id, method);
      else if (method === "notifications/resources/updated" && typeof uri === "string")
        ofOne(server.id, uri, method, subject, renamed("uri"));
      else if (method === "notifications/tasks" && typeof taskId === "string")
        ofOne(server.id, `task ${taskId}`, method, subject, renamed("taskId"));
    },
    /** The project itself is another now: its servers, or what it shows of them. */
    ofProject(projectId: string): void {
      calmly(projectId, calmMs, async () => {
        for (const subscriber of subscribers)
          if (subscriber.projectId === projectId)
            for (const list of subscriber.lists) subscriber.tell(methodOf(list), "{}");
      });
    },
    /** A list of the project is another now for this caller alone. */
    ofCaller(projectId: string, subject: string, list: ChangingList): void {
      for (const subscriber of [...subscribers])
        if (subscriber.projectId === projectId && subscriber.subject === subject && subscriber.lists.has(list))
          subscriber.tell(methodOf(list), "{}");
    },
    /** Lets all go, so that they come again when there is somebody to listen to. */
    end(): void {
      for (const subscriber of [...subscribers]) subscriber.end();
    },
    size: () => subscribers.size,
    close(): void {
      closing.abort();
      subscribers.clear();
    },
  };
}

const any = Symbol("anything of the server");

export type Changes = ReturnType<typeof createChanges>;
