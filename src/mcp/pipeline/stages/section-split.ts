import * as Type from "../../../lib/type.ts";
import { jsonValues } from "../json/values.ts";
import { defineStage, type Section } from "../stage.ts";
import { outline } from "./outline.ts";
import { formOf } from "./split/forms.ts";
import { jsonLevel } from "./split/json.ts";
import { type Bounds, sectionsOf } from "./split/level.ts";
import { levelOf, marksIn } from "./split/marks.ts";

const size = (value: number, description: string) =>
  Type.Integer({ default: value, minimum: 100, maximum: 1_000_000, description });

const config = Type.Object(
  {
    over: size(8_000, "Characters; what is not longer stays whole"),
    min: size(2_000, "Characters of a section; shorter neighbours are joined"),
    max: size(15_000, "Characters of a section; a longer part is parted further where it can be"),
  },
  { additionalProperties: false },
);
type Config = { over: number; min: number; max: number };

/** Of all levels together, whatever the size of the content. */
const mostSections = 1_800;
/** So many characters show what a content is. */
const beginning = 64 * 1024;
const listed = 8_000;

export const sectionSplit = defineStage({
  name: "section-split",
  description: "Long contents come in sections: by headings, members, keys, declarations",
  config,
  divides: true,
  leaves: (written) => (written as Config).over,
  check: (written) =>
    (written as Config).min > (written as Config).max ? [{ path: "/min", message: "must not be more than `max`" }] : [],
  async run(content, { config, sections: before }) {
    const { over, min, max } = config as Config;
    if (content.length <= over || (before?.length ?? 0) > 0) return { content };
    const least = Math.ceil(content.length / (mostSections / 3));
    const found = await split(content, { min: Math.max(min, least / 2), max: Math.max(max, least) });
    const sections = count(found?.sections ?? []);
    if (found === undefined || sections < 2 || sections > mostSections)
      return { content, metadata: { form: found?.form ?? "none" } };
    return { content: outline(found.sections, listed), sections: found.sections, metadata: { form: found.form } };
  },
});

const count = (sections: readonly Section[]): number =>
  sections.reduce((sum, section) => sum + 1 + count(section.sections ?? []), 0);
/** The sections of a content by what form it has; undefined when it has none. */
export async function split(
  content: string,
  bounds: Bounds,
): Promise<{ form: string; sections: Section[] } | undefined> {
  const roots = await jsonValues(content);
  if (roots !== undefined) {
    const level = jsonLevel(content, roots, bounds);
    return level && { form: "json", sections: await sectionsOf(level, bounds) };
  }
  const form = formOf(content.slice(0, beginning));
  if (form === undefined) return undefined;
  const marks = await marksIn(content, form.finder);
  const level = levelOf(content, marks, bounds, { start: 0, end: content.length });
  return level && { form: form.name, sections: await sectionsOf(level, bounds) };
}
