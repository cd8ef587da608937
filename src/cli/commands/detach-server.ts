import { attaching } from "../attaching.ts";

export const run = attaching(
  "detach-server",
  (servers, names) => servers.filter((entry) => !names.includes(typeof entry === "string" ? entry : entry.server)),
  ["detached from", "is not attached to"],
);
