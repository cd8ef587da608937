/** What secrets look like, for whoever blots them out: the log, and the stage that hides them from models. */

// Whatever stands before: `files__mcpctl_pat_…` is a tool's name that somebody put a token into.
export const ownToken = /mcpctl_(?:pat|ses)_[0-9A-Za-z]+/g;

/** The words that a name of a secret holds. */
export const secretWords = "passw|secret|token|api-?_?key|credential";

/**
 * Within other text: passwords in addresses, and headers. Groups are what stays before the secret; the rest of a match is the secret. Never
 * quadratic in the text.
 */
export const carriers: readonly RegExp[] = [
  /(:\/\/[^\s/:@]{0,256}:)[^\s/]{1,1024}(?=@)/g,
  /\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(["']?\s?[:=]\s?["']?)(?:[a-z]{1,16} )?[^\s"',;]+/gi,
  /\b([Bb]earer |[Bb]asic |BEARER |BASIC )(?=[^\s]*[\dA-Z=+/_])[\w.~+/=-]{8,}/g,
];

/** Keys that tell by their form what they are. */
const knownKeys =
  /(?:gh[oprsu]|github_pat|glpat|hf|npm|ntn|secret|shpat|dop_v1|lin_api|lin_oauth|figd|rk_live|rk_test|sk_live|sk_test|whsec|mcpctl_pat|mcpctl_ses|napi|pcsk|ctx7sk|bsa)[-_][A-Za-z0-9_-]{10,}|\bsk-[A-Za-z0-9_-]{12,}|\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bAIza[\w-]{20,}|\bya29\.[\w-]{8,}|\b(?:fc|tvly|PMAK|pplx|gsk|xai|r8)[-_][\w-]{12,}|\bpat\w{14}\.\w{16,}|\beyJ[\w-]{8,}\.[\w-]{8,}|\bSG\.[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY/;

/** What separates one word of a command line, an address or a list from the next. */
const between = /[\s"'`=,;&?:@()[\]{}|<>\\/]+/;

/**
 * Whether a text holds what looks like a key: one of a known form, a password in an address, a header that logs in, or a long word that nobody
 * made up by hand. It errs on the side of a key.
 */
export const looksLikeKey = (text: string): boolean =>
  knownKeys.test(text) ||
  carriers.some((carrier) => new RegExp(carrier.source, carrier.flags.replace("g", "")).test(text)) ||
  text.split(between).some(isRandom);

function isRandom(word: string): boolean {
  const digits = word.replace(/\D/g, "").length;
  if (word.length < 20 || digits < 2 || !/^[A-Za-z0-9_+.~-]+$/.test(word)) return false;
  if (/^[0-9a-f]{32,}$/i.test(word) || /^[a-z0-9]{32,}$/i.test(word)) return /[a-z]/i.test(word);
  return /[a-z]/.test(word) && /[A-Z]/.test(word) && digits >= 3 && new Set(word).size >= 12;
}

const secretName =
  /(?:^|[_-])(?:key|keys|apikey|token|secret|secrets|password|passwd|passphrase|pass|pwd|auth|authorization|cookie|credential|credentials|dsn|pat|bearer|jwt)(?:$|[_-])/i;
/** It says where something lies, or how it is called, and is not the thing. */
const aboutIt = /[_-](?:file|path|dir|url|uri|host|port|name|id|type|env|scheme|header|count|limit|ttl)$/i;

/** Whether what bears this name is a secret, by the name alone: `GITHUB_TOKEN`, `apiKey`, `X-API-Key`; not `TOKEN_FILE`. */
export function namesSecret(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/^-+/, "");
  return (secretName.test(words) || new RegExp(secretWords, "i").test(words)) && !aboutIt.test(words);
}
