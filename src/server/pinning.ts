import { isPinned, parseSpec } from "../lib/package-spec.ts";
import type { ServerFields } from "../resources/server.ts";

/** What is said of a package whose version nobody chose; `version` is the one on disk. Pure. */
export function pinning(
  { packageName, runtime = "node" }: ServerFields,
  version: string | undefined,
): string | undefined {
  if (packageName === undefined || isPinned(packageName, runtime)) return undefined;
  const { name, version: wanted } = parseSpec(packageName);
  if (runtime === "python")
    return `packageName is not pinned: uvx chooses a version at each start; to choose it yourself: packageName: ${name}@VERSION`;
  if (version === undefined)
    return `packageName is not pinned: what is ${wanted} at the first start will be kept; to choose it yourself: packageName: ${name}@VERSION`;
  return `packageName is not pinned: it runs ${version}, as it was when first fetched; to keep it: packageName: ${name}@${version}`;
}
