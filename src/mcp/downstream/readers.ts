/** What all clients together may leave unread; beyond it who has read least is let go of, within a second. */
export const mostUnreadInAll = 128 * 1024 * 1024;
const everyMs = 1_000;
/** What stays open lies in memory among what its opening took: after so many more that is collected, and the next ones take the same again. */
const manyMore = 128;

/** What goes to one client, bit by bit: called once a second, how much is unread, and how to let go of it. */
export type Reader = { beat: () => void; unread: () => number; drop: () => void };

/** All clients to whom something is on its way that takes long, so that those who do not read cost the others nothing. `onDrop` is told of each. */
export type Readers = ReturnType<typeof createReaders>;

export function createReaders(onDrop: () => void = () => {}, collect: () => void = () => Bun.gc(false)) {
  const open = new Set<Reader>();
  let collectsAt = manyMore;
  let pulse: Timer | undefined;

  const unreadInAll = () => [...open].reduce((sum, reader) => sum + reader.unread(), 0);

  function onPulse(): void {
    if (open.size === 0) {
      clearInterval(pulse);
      pulse = undefined;
    }
    for (const reader of [...open]) reader.beat();
    // Not as soon as fewer are open: many calls whose answers are streams come and go within a second.
    collectsAt = Math.min(collectsAt, open.size + manyMore);
    let total = unreadInAll();
    while (total > mostUnreadInAll) {
      const [laziest] = [...open].toSorted((a, b) => b.unread() - a.unread());
      if (laziest === undefined) return;
      total -= laziest.unread();
      laziest.drop();
    }
  }

  function enter(reader: Reader): void {
    open.add(reader);
    pulse ??= setInterval(onPulse, everyMs).unref();
    if (open.size < collectsAt) return;
    collectsAt = open.size + manyMore;
    collect();
  }

  function leave(reader: Reader): void {
    open.delete(reader);
  }

  return {
    /** `leave` when it is over. */
    enter,
    leave,
    /** The same for who would rather be told how to leave. */
    watch(reader: Reader): () => void {
      enter(reader);
      return () => leave(reader);
    },
    dropped: onDrop,
    size: () => open.size,
    unread: unreadInAll,
  };
}
