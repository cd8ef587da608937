/** What is done with what is here already and is not the same: nothing at all, nothing to it, or it becomes what the backup says. */
export const strategies = ["fail", "skip", "overwrite"] as const;
export type Strategy = (typeof strategies)[number];

export type Action = "created" | "overwritten" | "skipped" | "unchanged" | "left out";

/** What one object of a backup meets: itself, as it was or changed meanwhile, and another one under its name. */
export type Standing = { itself: "absent" | "same" | "changed"; isNameTaken: boolean };

export function actionFor(strategy: Strategy, { itself, isNameTaken }: Standing): Action | "conflict" {
  if (!isNameTaken && itself === "absent") return "created";
  if (!isNameTaken && itself === "same") return "unchanged";
  if (strategy === "fail") return "conflict";
  return strategy === "skip" ? "skipped" : "overwritten";
}
