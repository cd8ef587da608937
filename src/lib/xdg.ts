import { join } from "node:path";

type Person = { home: string; variables: Readonly<Record<string, string | undefined>> };

/** Where programs that follow XDG keep settings; a variable that is empty says nothing. */
export const configFolder = ({ home, variables }: Person): string =>
  variables["XDG_CONFIG_HOME"] || join(home, ".config");

/** Where they keep, and look for, data. */
export const dataFolder = ({ home, variables }: Person): string =>
  variables["XDG_DATA_HOME"] || join(home, ".local/share");
