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
