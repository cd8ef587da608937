/** Calls that people copy along with the address, from an example with curl. */
const calls = /\/(chat\/completions|completions|messages|models)$/;
/** `/v1`, and what others have in its place: Google's `/v1beta/openai`, `/api/paas/v4`. */
const version = /\/v\d+[a-z0-9]*(?=\/|$)/i;

/**
 * Where a call of a model's API lies, by whatever of its address was written: with or without `/v1`, behind a base path, or the whole of it.
 * @param path such as `chat/completions`
 */
export function endpointOf(url: string, path: string): string {
  const at = new URL(url);
  const written = withoutSlash(at.pathname);
  const base = written.replace(calls, "");
  const hasVersion = base !== written || version.test(base);
  at.pathname = `${base}${hasVersion ? "" : "/v1"}/${path}`;
  at.hash = "";
  return at.href;
}

/** Where a call lies that the model's server has beside that API, such as Ollama's `api/show`. */
export function besideApi(url: string, path: string): string {
  const at = new URL(url);
  const base = withoutSlash(at.pathname).replace(calls, "");
  at.pathname = `${base.split(version)[0]}/${path}`;
  at.hash = "";
  return at.href;
}

const withoutSlash = (path: string): string => path.replace(/\/+$/, "");
