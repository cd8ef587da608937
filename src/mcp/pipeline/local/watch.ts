import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { fileKinds } from "./folder.ts";

const scanMs = 2_000;
const settleMs = 50;

/**
 * Says that it is worth looking at the folders: when the kernel tells of a change, a moment later, because editors write in several steps; and every
 * two seconds, because it does not tell of everything (a network's folder, one that was replaced). Answers how to stop it.
 */
export function watchFolders(dataDir: string, look: () => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let settling: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    clearTimeout(settling);
    settling = setTimeout(look, settleMs).unref();
  };

  function attend(): void {
    for (const { folder } of Object.values(fileKinds)) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(join(dataDir, folder), soon).unref();
        const drop = () => {
          watcher.close();
          watchers.delete(folder);
        };
        watcher.on("error", drop);
        watchers.set(folder, watcher);
      } catch {
        // It is not there, or this system has no such watch.
      }
    }
  }

  // To watch takes as long as a tenth of a start, and nobody waits for it; what has changed by then is looked at.
  settling = setTimeout(() => {
    attend();
    look();
  }, settleMs).unref();
  const timer = setInterval(() => {
    attend();
    look();
  }, scanMs).unref();
  return () => {
    clearInterval(timer);
    clearTimeout(settling);
    for (const watcher of watchers.values()) watcher.close();
  };
}
