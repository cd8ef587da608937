import type { ListName } from "../catalog/offer.ts";
import type { Admission } from "../visit.ts";

/** Somebody who wants to hear of changes: a legacy session, or a modern client's listen stream. */
export type Subscriber = {
  /** What they may see at this very moment. @throws Problem when nothing any more */
  admission: () => Promise<Admission>;
  projectId: string;
  subject: string;
  /** Of which lists they want to hear. */
  lists: ReadonlySet<ChangingList>;
  /** What they call a thing of a server: its resources by URI, its tasks by id. */
  shown: (serverId: string, key: string) => string | undefined;
  tell: (method: string, params: string) => void;
};

export type ChangingList = Exclude<ListName, "resourceTemplates">;
const changingLists = ["tools", "prompts", "resources"] as const;

/** A server that says the same again and again is passed on this often at most. */
const calmMs = 100;

const methodOf = (list: ChangingList) => `notifications/${list}/list_changed`;

/** Brings what servers say of changes to those who asked to hear it and may. */
export function createChanges() {
  const subscribers = new Set<Subscriber>();
  const soon = new Map<string, Timer>();

  /** Once for many that come together. */
  function calmly(key: string, tell: () => void): void {
    if (soon.has(key)) return;
    soon.set(
      key,
      setTimeout(() => {
        soon.delete(key);
        tell();
      }, calmMs),
    );
  }

  async function reaches(subscriber: Subscriber, serverId: string): Promise<boolean> {
    try {
      const { servers, reaches: may } = await subscriber.admission();
      const server = servers.find(({ id }) => id === serverId);
      return server !== undefined && may?.(server.name) !== false;
    } catch {
      // Whoever may not enter any more is closed by the watch.
      return false;
    }
  }

  async function listChanged(serverId: string, list: ChangingList): Promise<void> {
    for (const subscriber of [...subscribers])
      if (subscriber.lists.has(list) && (await reaches(subscriber, serverId))) subscriber.tell(methodOf(list), "{}");
  }

  return {
    /** Answers how to stop. */
    subscribe(subscriber: Subscriber): () => void {
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },
    /** A server says that one of its lists is another now. */
    listOf(serverId: string, method: string): void {
      const list = changingLists.find((name) => methodOf(name) === method);
      if (list !== undefined) calmly(`${serverId} ${list}`, () => void listChanged(serverId, list));
    },
    /** A server says something of one resource or task; `rename` writes what the subscriber calls it into the parameters. */
    async ofOne(serverId: string, key: string, method: string, rename: (shown: string) => string): Promise<void> {
      for (const subscriber of [...subscribers]) {
        const shown = subscriber.shown(serverId, key);
        if (shown !== undefined && (await reaches(subscriber, serverId))) subscriber.tell(method, rename(shown));
      }
    },
    /** The project itself is another now: its servers, or what it shows of them. */
    ofProject(projectId: string): void {
      calmly(projectId, () => {
        for (const subscriber of subscribers)
          if (subscriber.projectId === projectId)
            for (const list of subscriber.lists) subscriber.tell(methodOf(list), "{}");
      });
    },
    size: () => subscribers.size,
    close(): void {
      for (const timer of soon.values()) clearTimeout(timer);
      soon.clear();
      subscribers.clear();
    },
  };
}

export type Changes = ReturnType<typeof createChanges>;
