import { nearest } from "../lib/nearest.ts";
import { Problem } from "../lib/problem.ts";

/** What a person may settle for every command line of theirs: `mcpctl config set KEY VALUE`. All of them are one word of a list. */
const registry = {
  credentialStore: {
    values: ["auto", "keyring", "file"],
    description:
      "Where login keeps what it was given: in the system's keyring where one answers, only there, or in a file; MCPCTL_CREDENTIAL_STORE stands before it",
  },
  colour: { values: ["auto", "never"], description: "Colours on a terminal; NO_COLOR is another way to say never" },
} as const satisfies Record<string, { values: readonly [string, ...string[]]; description: string }>;

type Registry = typeof registry;
export type SettingKey = keyof Registry;
/** Those that were set; the first of its values is each one's default. */
export type Settings = { [Key in SettingKey]?: Registry[Key]["values"][number] };

export const settingKeys = Object.keys(registry) as SettingKey[];
export const descriptionOf = (key: SettingKey): string => registry[key].description;
export const valuesOf = (key: SettingKey): readonly string[] => registry[key].values;

export const settingOf = <Key extends SettingKey>(settings: Settings, key: Key): NonNullable<Settings[Key]> =>
  settings[key] ?? (registry[key].values[0] as NonNullable<Settings[Key]>);

/** @throws Problem `invalid` with the nearest key */
export function settingKey(word: string): SettingKey {
  const known = settingKeys.find((key) => key.toLowerCase() === word.toLowerCase().replaceAll("-", ""));
  if (known !== undefined) return known;
  const near = nearest(word, settingKeys);
  throw new Problem(
    "invalid",
    `there is no setting "${word}".${near === undefined ? "" : ` Did you mean "${near}"?`}`,
    {
      hint: `settings: ${settingKeys.join(", ")}; mcpctl config view shows them`,
    },
  );
}

/** The settings with one more. @throws Problem `invalid` for a value it does not take */
export function withSetting(settings: Settings, key: SettingKey, value: string): Settings {
  if (!valuesOf(key).includes(value))
    throw new Problem("invalid", `${key} takes ${valuesOf(key).join(", ")}`, { hint: descriptionOf(key) });
  return { ...settings, [key]: value };
}

/** What a file says of them, without what no version of ours would have written. */
export const settingsFrom = (value: Record<string, unknown>): Settings =>
  Object.fromEntries(
    settingKeys.flatMap((key) => (valuesOf(key).includes(String(value[key])) ? [[key, value[key]]] : [])),
  );
