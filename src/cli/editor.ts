import { messageOf, Problem } from "../lib/problem.ts";

type Variables = Record<string, string | undefined>;

/**
 * The words that start the person's editor: $VISUAL, else $EDITOR, else vi. They may hold arguments (`code --wait`), split at blanks; no shell
 * reads them.
 * @throws Problem `invalid` where vi would wait for somebody who is not there
 */
export function editorOf({ VISUAL, EDITOR }: Variables, isInteractive: boolean): string[] {
  const given = [VISUAL, EDITOR].map((text) => (text ?? "").split(/\s+/).filter((word) => word !== ""));
  const words = given.find(({ length }) => length > 0);
  if (words === undefined && !isInteractive)
    throw new Problem("invalid", "there is no terminal for an editor", {
      hint: "set EDITOR to a program that edits by itself, or use mcpctl apply -f FILE",
    });
  return words ?? ["vi"];
}

/** Lets the person edit a file; answers the editor's exit code. Ctrl-C is the editor's meanwhile. @throws Problem `invalid` */
export async function openEditor(words: readonly string[], path: string): Promise<number> {
  const ignored = () => {};
  process.on("SIGINT", ignored);
  try {
    return await Bun.spawn([...words, path], { stdio: ["inherit", "inherit", "inherit"] }).exited;
  } catch (error) {
    throw new Problem("invalid", `the editor ${words[0]} cannot be started: ${messageOf(error)}`, {
      hint: "set VISUAL or EDITOR, such as EDITOR=nano",
      cause: error,
    });
  } finally {
    process.off("SIGINT", ignored);
  }
}
