import { join } from "node:path";
import { configPath, readConfig, writeConfig } from "../../client/contexts.ts";
import { descriptionOf, settingKey, settingKeys, settingOf, valuesOf, withSetting } from "../../client/settings.ts";
import { contextRows, contextTable } from "../context-table.ts";
import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import type { Args } from "../verb.ts";

export async function view(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const config = readConfig(env.home);
  const { currentContext, settings } = config;
  const values = Object.fromEntries(settingKeys.map((key) => [key, settingOf(settings, key)]));
  const contexts = contextRows(config, env);
  if (format === "json")
    return env.out(JSON.stringify({ home: env.home, currentContext, settings: values, contexts }, null, 2));
  env.out(contextTable(config, env));
  const rows = settingKeys.map((key) => [
    key,
    String(values[key]),
    `${descriptionOf(key)} (${valuesOf(key).join(", ")})`,
  ]);
  env.out(`\n${table(["SETTING", "VALUE", "WHAT IT IS"], rows, env)}`);
  env.out(`\nKept in ${configPath(env.home)}, logins in ${join(env.home, "credentials")}`);
}

export async function get(args: Args, env: Env): Promise<void> {
  const key = settingKey(args.words[0] ?? "");
  env.out(settingOf(readConfig(env.home).settings, key));
}

export async function set(args: Args, env: Env): Promise<void> {
  const [word = "", value = ""] = args.words;
  const key = settingKey(word);
  const config = readConfig(env.home);
  writeConfig(env.home, { ...config, settings: withSetting(config.settings, key, value) });
  if (!args.has("quiet")) env.out(`${key}: ${value}`);
}

export async function unset(args: Args, env: Env): Promise<void> {
  const key = settingKey(args.words[0] ?? "");
  const config = readConfig(env.home);
  const { [key]: _gone, ...settings } = config.settings;
  writeConfig(env.home, { ...config, settings });
  if (!args.has("quiet")) env.out(`${key}: ${settingOf(settings, key)}`);
}

export async function path(_args: Args, env: Env): Promise<void> {
  env.out(configPath(env.home));
}
