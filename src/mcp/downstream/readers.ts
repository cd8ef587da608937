/** What all clients together may leave unread; beyond it who has read least is let go of, within a second. */
export const mostUnreadInAll = 128 * 1024 * 1024;
const everyMs = 1_000;

/** What goes to one client, bit by bit: called once a second, how much is unread, and how to let go of it. */
type Reader = { beat: () => void; unread: () => number; drop: () => void };

/** All clients to whom something is on its way that takes long, so that those who do not read cost the others nothing. `onDrop` is told of each. */
export type Readers = ReturnType<typeof createReaders>;

export function createReaders(onDrop: () => void = () => {}) {
  const open = new Set<Reader>();
  let pulse: Timer | undefined;

  const unreadInAll = () => [...open].reduce((sum, { unread }) => sum + unread(), 0);

  function onPulse(): void {
    for (const { beat } of [...open]) beat();
    let total = unreadInAll();
    while (total > mostUnreadInAll) {
      const [laziest] = [...open].toSorted((a, b) => b.unread() - a.unread());
      if (laziest === undefined) return;
      total -= laziest.unread();
      laziest.drop();
    }
  }

  return {
    /** Answers how to tell that it is over. */
    watch(reader: Reader): () => void {
      open.add(reader);
      pulse ??= setInterval(onPulse, everyMs);
      return () => {
        open.delete(reader);
        if (open.size > 0) return;
        clearInterval(pulse);
        pulse = undefined;
      };
    },
    dropped: onDrop,
    size: () => open.size,
    unread: unreadInAll,
  };
}
