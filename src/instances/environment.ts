/** What a server inherits of our environment: enough to find programs and a home, nothing that was meant for us. */
export const safelist = [
  "HOME",
  "PATH",
  "SHELL",
  "TERM",
  "USER",
  "LOGNAME",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "TMPDIR",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "SYSTEMROOT",
  "USERPROFILE",
  "APPDATA",
  "LOCALAPPDATA",
  "TEMP",
  "TMP",
  "PATHEXT",
] as const;

/** What fetching a package needs besides: the user's own settings for npm and proxies. */
const installer = /^(npm_config_.+|NPM_CONFIG_.+|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)$/;

/** What uvx needs besides, which fetches a package and runs it in one: settings, but no credentials, since the server inherits them. */
const uv = /^(UV_(?!.*(PASSWORD|TOKEN|USERNAME)).+|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)$/;

type Environment = Record<string, string>;

/** The environment of a server process. Its own variables win; those that steer Bun are never passed on. */
export function serverEnvironment(own: Environment, inherited: NodeJS.ProcessEnv = process.env): Environment {
  const { BUN_OPTIONS: _options, BUN_BE_BUN: _beBun, ...given } = own;
  return { ...picked(inherited, (name) => (safelist as readonly string[]).includes(name.toUpperCase())), ...given };
}

/** The environment in which our own executable is Bun itself and fetches a package. */
export const installerEnvironment = (inherited: NodeJS.ProcessEnv = process.env): Environment => ({
  ...serverEnvironment({}, inherited),
  ...picked(inherited, (name) => installer.test(name)),
  BUN_BE_BUN: "1",
});

/** Of a server that uvx fetches and runs. `cache` is where it keeps what it fetches. */
export const uvEnvironment = (
  own: Environment,
  cache: string,
  inherited: NodeJS.ProcessEnv = process.env,
): Environment => ({
  UV_CACHE_DIR: cache,
  ...picked(inherited, (name) => uv.test(name)),
  ...serverEnvironment(own, inherited),
});

const picked = (environment: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Environment =>
  Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && wanted(entry[0]),
    ),
  );
