import type { FieldError } from "../lib/problem.ts";
import type { ServerFields } from "./server-fields.ts";

/** What a server can be made of; exactly one of them. */
const ways = ["command", "packageName", "image", "url"] as const;

/** What a schema cannot say of a server's fields together. */
export const checkServer = (server: ServerFields): FieldError[] => [
  ...checkWay(server),
  ...checkPackage(server),
  ...checkValues(server),
  ...checkWords(server),
  ...checkTrust(server),
];

/** What a field says something about. Those that stand here are of no use to others, and a sign that something else was meant. */
const goesOnlyWith: Partial<Record<keyof ServerFields, readonly (typeof ways)[number][]>> = {
  args: ["packageName", "image"],
  runtime: ["packageName"],
  containerPort: ["image"],
  containerPath: ["image"],
  headers: ["url"],
  env: ["command", "packageName", "image"],
  cwd: ["command", "packageName", "image"],
  start: ["command", "packageName", "image"],
  memoryMiB: ["command", "packageName", "image"],
  cpus: ["command", "packageName", "image"],
  openFiles: ["command", "packageName", "image"],
  processes: ["command", "packageName", "image"],
  user: ["command", "packageName", "image"],
  readOnly: ["image"],
  network: ["image"],
  volumes: ["image"],
  allowPrivate: ["url"],
  tls: ["url"],
  oauth: ["url"],
};

function checkWay(server: ServerFields) {
  const given = ways.filter((way) => server[way] !== undefined);
  if (given.length !== 1) {
    const not = given.length === 0 ? "" : `, not ${given.join(" and ")}`;
    const instead = given.join() === "command,image" ? "; what an image's program is given stands in args" : "";
    return [{ path: "", message: `give exactly one of ${ways.join(", ")}${not}${instead}` }];
  }
  const errors: { path: string; message: string }[] = [];
  const [way] = given;
  for (const [field, goesWith] of Object.entries(goesOnlyWith) as [keyof ServerFields, readonly string[]][]) {
    if (server[field] === undefined || (way !== undefined && goesWith.includes(way))) continue;
    const message =
      server.url !== undefined && !goesWith.includes("url")
        ? "a server reached by url has no process of ours"
        : `goes only with ${goesWith.join(" or ")}`;
    errors.push({ path: `/${field}`, message });
  }
  if (server.idleStopSeconds !== undefined && server.start !== "lazy")
    errors.push({ path: "/idleStopSeconds", message: "goes only with start: lazy, which starts it again" });
  if (server.url !== undefined) {
    if (!URL.canParse(server.url)) errors.push({ path: "/url", message: "is not an address" });
    if ((server.replicas ?? 1) !== 1)
      errors.push({ path: "/replicas", message: "a server reached by url has no copies of ours" });
    if (server.transport === "stdio") errors.push({ path: "/transport", message: "a url is reached by http or sse" });
    if (server.transport === "sse" && server.protocol === "modern")
      errors.push({ path: "/protocol", message: "the sse transport exists in the legacy era only" });
  } else errors.push(...checkTransport(server, String(way)));
  return errors;
}

function checkTransport({ transport, containerPort, containerPath, network }: ServerFields, way: string) {
  const errors: { path: string; message: string }[] = [];
  if (containerPort === undefined) {
    if (transport !== "stdio")
      errors.push({
        path: "/transport",
        message: way === "image" ? "needs containerPort, the port that the image serves on" : `${way} speaks stdio`,
      });
    if (containerPath !== undefined) errors.push({ path: "/containerPath", message: "goes only with containerPort" });
    return errors;
  }
  if (transport === "stdio") errors.push({ path: "/containerPort", message: "goes only with transport http or sse" });
  if (network === "none") errors.push({ path: "/network", message: "none has no containerPort to be reached at" });
  return errors;
}

/** uvx knows one version, or the newest. */
const checkPackage = ({ packageName = "", runtime }: ServerFields) =>
  runtime === "python" && (packageName.startsWith("@") || /@[\^~]/.test(packageName))
    ? [{ path: "/packageName", message: "a python package is written name, name@1.2.3 or name@latest" }]
    : [];

function checkValues(server: ServerFields) {
  return (["env", "headers"] as const).flatMap((field) =>
    (server[field] ?? []).flatMap(({ value, valueFrom }, index) => {
      const path = `/${field}/${index}`;
      if ((value === undefined) === (valueFrom === undefined))
        return [{ path, message: "give either value or valueFrom" }];
      const message = value === undefined ? undefined : unfit[field](value);
      return message === undefined ? [] : [{ path: `${path}/value`, message }];
    }),
  );
}

function checkWords({ command = ["-"], args = [] }: ServerFields) {
  const errors = Object.entries({ command, args }).flatMap(([field, words]) =>
    words.flatMap((word, index) => {
      const message = unfit.env(word);
      return message === undefined ? [] : [{ path: `/${field}/${index}`, message }];
    }),
  );
  return command[0] === ""
    ? [...errors, { path: "/command/0", message: "is the program, and must not be empty" }]
    : errors;
}

/** Why a value cannot reach the server: the system takes no such variable or argument, or HTTP no such header. Undefined when it can. */
export const unfit = {
  env: (value: string) => (value.includes("\0") ? "holds the character NUL, which no process can be given" : undefined),
  headers(value: string) {
    try {
      void new Headers([["x", value]]);
      return undefined;
    } catch {
      return "holds a line break, or another character that no header can carry";
    }
  },
} as const;

/** What of `tls` and `oauth` cannot be meant so. */
function checkTrust({ url, headers = [], tls, oauth }: ServerFields) {
  const errors: { path: string; message: string }[] = [];
  if (oauth !== undefined) {
    const at = headers.findIndex(({ name }) => name.toLowerCase() === "authorization");
    if (at >= 0) errors.push({ path: `/headers/${at}`, message: "is what oauth gives: keep one of the two" });
    if (!URL.canParse(oauth.tokenUrl)) errors.push({ path: "/oauth/tokenUrl", message: "is not an address" });
  }
  if (tls === undefined) return errors;
  if (url?.startsWith("https://") === false) errors.push({ path: "/tls", message: "goes only with a url of https" });
  for (const field of ["ca", "certificate"] as const) {
    if (tls[field]?.includes("-----BEGIN CERTIFICATE-----") === false)
      errors.push({ path: `/tls/${field}`, message: "is no certificate in PEM: -----BEGIN CERTIFICATE-----" });
  }
  if ((tls.certificate === undefined) !== (tls.key === undefined))
    errors.push({ path: "/tls", message: "give certificate and key together" });
  return errors;
}
