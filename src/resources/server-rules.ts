import type { Static } from "@sinclair/typebox";
import type { Reference } from "./define.ts";
import type { ServerFields, Valued } from "./server.ts";
import type { SecretRef } from "./server-parts.ts";

type Fault = { path: string; message: string };

const ways = ["command", "packageName", "image", "url"] as const;

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
    return [
      {
        path: "",
        message: `give exactly one of ${ways.join(", ")}${given.length === 0 ? "" : `, not ${given.join(" and ")}`}`,
      },
    ];
  }
  const errors: Fault[] = [];
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
    if (server.transport === "stdio") errors.push({ path: "/transport", message: "a url is reached by http or sse" });
    if (server.transport === "sse" && server.protocol === "modern")
      errors.push({ path: "/protocol", message: "the sse transport exists in the legacy era only" });
  } else errors.push(...checkTransport(server, String(way)));
  return errors;
}

function checkTransport({ transport, containerPort, containerPath, network }: ServerFields, way: string) {
  const errors: Fault[] = [];
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
    (server[field] ?? []).flatMap((entry, index) =>
      (entry.value === undefined) === (entry.valueFrom === undefined)
        ? [{ path: `/${field}/${index}`, message: "give either value or valueFrom" }]
        : [],
    ),
  );
}

/** What of `tls` and `oauth` cannot be meant so. */
function checkTrust({ url, headers = [], tls, oauth }: ServerFields) {
  const errors: Fault[] = [];
  if (oauth !== undefined) {
    const at = headers.findIndex(({ name }) => name.toLowerCase() === "authorization");
    if (at >= 0) errors.push({ path: `/headers/${at}`, message: "is what oauth gives: keep one of the two" });
    if (!URL.canParse(oauth.tokenUrl)) errors.push({ path: "/oauth/tokenUrl", message: "is not an address" });
  }
  if (tls === undefined) return errors;
  if (url?.startsWith("https://") !== true) errors.push({ path: "/tls", message: "goes only with a url of https" });
  for (const field of ["ca", "certificate"] as const) {
    if (tls[field]?.includes("-----BEGIN CERTIFICATE-----") === false)
      errors.push({ path: `/tls/${field}`, message: "is no certificate in PEM: -----BEGIN CERTIFICATE-----" });
  }
  if ((tls.certificate === undefined) !== (tls.key === undefined))
    errors.push({ path: "/tls", message: "give certificate and key together" });
  return errors;
}

/** What does not go together in a server, by the paths of its fields. */
export const faultsIn = (server: ServerFields): Fault[] => [
  ...checkWay(server),
  ...checkPackage(server),
  ...checkValues(server),
  ...checkTrust(server),
];

/** The secrets that it names. */
export const secretsOf = (server: ServerFields): Reference[] => [
  ...secretRefs("env", server.env),
  ...secretRefs("headers", server.headers),
  ...secretRef("/tls/key", server.tls?.key),
  ...secretRef("/oauth/clientSecret", server.oauth?.clientSecret),
];

const secretRefs = (field: string, entries: readonly Valued[] = []): Reference[] =>
  entries.flatMap(({ valueFrom }, index) => secretRef(`/${field}/${index}/valueFrom`, valueFrom));

const secretRef = (path: string, from: Static<typeof SecretRef> | undefined): Reference[] =>
  from === undefined ? [] : [{ plural: "secrets", name: from.secretRef.name, path: `${path}/secretRef/name` }];
