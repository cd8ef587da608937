/** mcpctl's own words to models, which may be changed: `mcpctl get prompts -p mcpctl-system`. Deleting one brings back what stands here. */
export const systemProject = "mcpctl-system";

type SystemPrompt = {
  description: string;
  content: string;
  /** Each must stand in it, as `{{name}}`; no other may. */
  variables: readonly string[];
};

export const systemPrompts = {
  "gate-instructions": {
    description: "What a client of a gated project is told first",
    variables: ["how"],
    content:
      "The tools of this project are shown once you have called `begin_session` {{how}}. Call it now, before anything else: it answers with what this project wants you to know for your task.",
  },
  "gate-opened": {
    description: "What begin_session says after the prompts it delivers",
    variables: ["toolCount"],
    content: "The session is open: {{toolCount}} tools are there now. List them again if you do not see them.",
  },
  "gate-index": {
    description: "What stands before the list of prompts that were not delivered whole",
    variables: [],
    content: "There is more to read here. `read_prompts` with their names gives you the whole text:",
  },
  "gate-preface": {
    description: "What stands before the answer of a tool that was called before begin_session",
    variables: ["tool"],
    content: "You called `{{tool}}` before `begin_session`. Read this first; the answer of the tool follows after it.",
  },
  "gate-propose": {
    description: "The description of the tool propose_prompt",
    variables: [],
    content:
      "Propose something that whoever works here next should know. A person reads it before anybody else sees it.",
  },
  "select-prompts": {
    description: "Asks an LLM which prompts fit a task; answers with their names, one on each line",
    variables: ["task", "index"],
    content:
      "A session begins with this task:\n\n{{task}}\n\nThese texts can be given to whoever carries it out, one on each line, with its name first:\n\n{{index}}\n\nAnswer with the names of those that help with this task, one on each line, the most useful first. Answer with nothing else.",
  },
  "summarize-prompt": {
    description: "Asks an LLM for a prompt's summary",
    variables: ["content"],
    content:
      "Say in one sentence of at most thirty words what a reader learns from this text, and nothing else:\n\n{{content}}",
  },
  "page-titles": {
    description: "Asks an LLM for the titles of pages",
    variables: ["pageCount", "pages"],
    content:
      "Here are the beginnings of {{pageCount}} pages. Answer with one title for each, one on each line, at most eight words, in order, and nothing else:\n\n{{pages}}",
  },
  "summarize-section": {
    description: "Asks an LLM for the summary of one part of a long result",
    variables: ["maxTokens", "title", "content"],
    content:
      "Summarise this part, titled “{{title}}”, in at most {{maxTokens}} tokens. Keep names, numbers and paths that somebody may look for. Answer with the summary and nothing else:\n\n{{content}}",
  },
} as const satisfies Record<string, SystemPrompt>;

export type SystemPromptName = keyof typeof systemPrompts;

/** The texts as they are now, with values in the place of their variables. */
export type SystemTexts = (name: SystemPromptName, values?: Record<string, string | number>) => string;

/** Pure. A value may hold what looks like a variable: it stays as it is. */
export const filled = (content: string, values: Record<string, string | number>): string =>
  content.replace(/\{\{(\w+)\}\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );

const isSystemPrompt = (name: string): name is SystemPromptName => Object.hasOwn(systemPrompts, name);

/** What is wrong with a text that would stand in the place of a default, in the words of a field's error. Pure. */
export function faultsOf(name: string, content: string): string[] {
  if (!isSystemPrompt(name))
    return [`there is no such prompt; there are ${Object.keys(systemPrompts).sort().join(", ")}`];
  const known: readonly string[] = systemPrompts[name].variables;
  const there = new Set([...content.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map(([whole]) => whole));
  const shown = (names: readonly string[]) => names.map((one) => `{{${one}}}`).join(", ");
  const missing = known.filter((one) => !there.has(`{{${one}}}`));
  const hasUnknown = [...there].some((whole) => !known.includes(whole.slice(2, -2)));
  return [
    ...(content.trim() === "" ? ["must not be empty"] : []),
    ...(missing.length === 0 ? [] : [`must hold ${shown(missing)}`]),
    ...(hasUnknown
      ? [
          `holds a variable that it is not given; ${known.length === 0 ? "it is given none" : `it is given ${shown(known)}`}`,
        ]
      : []),
  ];
}

/** Those that nobody changed. */
export const defaultTexts: SystemTexts = (name, values = {}) => filled(systemPrompts[name].content, values);
