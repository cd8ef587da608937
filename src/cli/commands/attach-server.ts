import { serversOf } from "../../resources/project.ts";
import { attaching } from "../attaching.ts";

/** What a project says of the tools of a server that is there stays as it is. */
export const run = attaching(
  "attach-server",
  (servers, names) => {
    const there = new Set(serversOf({ servers }).map(({ server }) => server));
    return [...servers, ...names.filter((name) => !there.has(name))];
  },
  ["attached to", "is attached already to"],
);
