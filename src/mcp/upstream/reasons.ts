import { Absent, Unreached } from "./failures.ts";
import { Unsent } from "./http1/connection.ts";

type Reason = { why: string /** No byte of the request was sent. */; isUnsent?: true };

const unknownAuthority: Reason = {
  why: "its certificate is of an authority that is not known here; put that authority's certificate into `tls.ca`",
};
const selfSigned: Reason = {
  why: "its certificate is signed by itself or by an authority that is not known here; put that certificate into `tls.ca`",
};
const refused: Reason = { why: "nothing takes connections at its address", isUnsent: true };
const noWay: Reason = { why: "there is no way to its address", isUnsent: true };
const broken: Reason = { why: "it closed the connection before it had answered" };

/** What is said of the error of a connection, by its code: what is wrong, and what to set where that helps. */
const reasons: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: refused,
  ConnectionRefused: refused,
  EHOSTUNREACH: noWay,
  ENETUNREACH: noWay,
  EADDRNOTAVAIL: noWay,
  ECONNRESET: broken,
  ConnectionClosed: broken,
  ERR_TLS_CERT_ALTNAME_INVALID: {
    why: "its certificate is for another name; reach it by a name that the certificate has, or set `tls.serverName` to one",
  },
  CERT_HAS_EXPIRED: { why: "its certificate has expired" },
  CERT_NOT_YET_VALID: { why: "its certificate is not valid yet; is the clock of this machine right?" },
  CERT_REVOKED: { why: "its certificate was revoked" },
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  SELF_SIGNED_CERT_IN_CHAIN: selfSigned,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  EPROTO: {
    why: "the TLS handshake failed: it does not speak TLS there, or wants a certificate of ours (`tls.certificate` and `tls.key`)",
  },
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: {
    why: "it wants a certificate of ours: set `tls.certificate` and `tls.key`",
  },
  FailedToOpenSocket: {
    why: "no connection could be opened; if `tls` is set, its certificates and key may not be readable or not belong together",
  },
  InvalidHTTPResponse: { why: "it does not answer in HTTP; is the url's scheme right?" },
  Malformed_HTTP_Response: { why: "it does not answer in HTTP; is the url's scheme right?" },
};

/** @returns `Unreached` when it is certain that nothing was sent */
export function unreachedBy(error: unknown) {
  if (error instanceof Unsent) return new Unreached(`it cannot be reached: ${error.message}`, error);
  const { code } = (error ?? {}) as { code?: unknown };
  const reason = reasons[String(code)];
  if (reason === undefined) return new Absent("it cannot be reached", error);
  const why = `it cannot be reached: ${reason.why}`;
  return reason.isUnsent ? new Unreached(why, error) : new Absent(why, error);
}
