import { messageOf, Problem } from "../lib/problem.ts";

/** Why no answer came, by what the platform calls it, and what to do. `%` is the instance's address. */
const reasons: readonly { code: RegExp; words: string; hint: string }[] = [
  {
    code: /^(ECONNREFUSED|ConnectionRefused)$/,
    words: "mcpctl at % does not answer: nothing listens there",
    hint: "start it with `mcpctl serve`, or name another with --url or --context",
  },
  {
    code: /^(ENOTFOUND|EAI_AGAIN|DNSException)$/,
    words: "mcpctl at % does not answer: no machine is known by that name",
    hint: "check the name in the URL; mcpctl context list shows those that are saved",
  },
  {
    code: /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/,
    words: "mcpctl at % does not answer: there is no way to that machine",
    hint: "check the network, or name another with --url or --context",
  },
  {
    code: /^(TimeoutError|ETIMEDOUT)$/,
    words: "mcpctl at % does not answer in time",
    hint: "mcpctl status, or look at the machine it runs on",
  },
  {
    code: /^CERT_HAS_EXPIRED$/,
    words: "the certificate of % has expired",
    hint: "renew it on the server; --insecure-skip-verify goes on without, for a machine that you know",
  },
  {
    code: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    words: "the certificate of % is for another name",
    hint: "use the name that stands in it, or give the server a certificate for this one",
  },
  {
    code: /SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED|CERT_|INVALID_CA/,
    words: "the certificate of % is signed by nobody that is trusted here",
    hint: "give its authority with --ca FILE; mcpctl context set --ca FILE keeps it",
  },
  {
    code: /^EPROTO$|^ERR_SSL_|WRONG_VERSION_NUMBER/,
    words: "% does not speak TLS",
    hint: "write http:// if it has no certificate",
  },
  {
    code: /^(ECONNRESET|EPIPE|ConnectionClosed)$/,
    words: "% closed the connection without an answer",
    hint: "write https:// if it speaks TLS; is it an mcpctl?",
  },
];

/** What is said of a request that got no answer; `proxy` is the variable that sent it elsewhere first. */
export function unreachable(url: string, error: unknown, proxy: string | undefined): Problem {
  const { code, name } = error as { code?: unknown; name?: unknown };
  const known = reasons.find((row) => row.code.test(String(code)) || row.code.test(String(name)));
  const words = known?.words ?? "mcpctl at % does not answer";
  const through =
    proxy === undefined ? "" : ` (asked through the proxy of ${proxy}; NO_PROXY names who is asked directly)`;
  return new Problem("unavailable", words.replace("%", url) + through, {
    hint: known?.hint ?? `${messageOf(error)}; name another with --url or --context`,
    cause: error,
  });
}
