import type { SystemTexts } from "../../../resources/system-prompts.ts";
import type { StageType } from "../stage.ts";
import { passthrough } from "./passthrough.ts";

/** Every stage of ours, by name. `texts` are the words that an LLM is asked in, as they are at the moment. */
export const builtInStages = (_texts: SystemTexts): ReadonlyMap<string, StageType> =>
  new Map([passthrough].map((stage) => [stage.name, stage]));
