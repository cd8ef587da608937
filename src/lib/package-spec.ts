/** `@scope/name@1.2.3` → name and version; `latest` when none is given. */
export function parseSpec(spec: string): { name: string; version: string } {
  const at = spec.indexOf("@", 1);
  return at < 0 ? { name: spec, version: "latest" } : { name: spec.slice(0, at), version: spec.slice(at + 1) };
}

/** Whether it names one version and no other: not a tag such as `latest`, not a range such as `^1` or `1.2`, which npm takes for 1.2.x. */
export function isPinned(spec: string, runtime: "node" | "python" = "node"): boolean {
  const { version } = parseSpec(spec);
  return (runtime === "python" ? /^\d[\w.+!-]*$/ : /^\d+\.\d+\.\d+([-+][\w.+-]+)?$/).test(version);
}
