import type { SystemTexts } from "../../../resources/system-prompts.ts";
import type { StageType } from "../stage.ts";
import { jsonProject } from "./json-project.ts";
import { paginate } from "./paginate.ts";
import { passthrough } from "./passthrough.ts";
import { redact } from "./redact.ts";
import { sectionSplit } from "./section-split.ts";
import { summarizeTree } from "./summarize-tree.ts";
import { toon } from "./toon.ts";
import { truncate } from "./truncate.ts";

/** Every stage of ours, by name. `texts` are the words that an LLM is asked in, as they are at the moment. */
export const builtInStages = (texts: SystemTexts): ReadonlyMap<string, StageType> =>
  new Map(
    [passthrough, sectionSplit, summarizeTree(texts), paginate(texts), truncate, jsonProject, toon, redact].map(
      (stage) => [stage.name, stage],
    ),
  );
